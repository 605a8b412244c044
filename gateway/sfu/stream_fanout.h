// One stream as a worker with consumers of it sees it: their list, the rates of its layers, and
// the way back to the publisher for key frame requests. On the publisher's own worker the packets
// come directly, elsewhere over a link between workers (sfu_worker.h).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/sequence_number.h"
#include "core/base/units.h"
#include "core/rtp/rtcp.h"
#include "gateway/sfu/audio_selector.h"
#include "gateway/sfu/layer_rates.h"
#include "gateway/sfu/packet_pool.h"
#include "gateway/sfu/stream.h"
#include "gateway/sfu/stream_consumer.h"

namespace ferry::gateway {

class SfuWorker;

class StreamFanout {
 public:
  // Requests for a key frame that follow faster wait for so long: the publisher's worker coalesces
  // them, this spares it the messages.
  static constexpr Duration kMinRequestInterval = Duration::Millis(50);
  // How often the stream is looked for when the worker where it should be does not know it: its
  // publisher is on the way to another.
  static constexpr Duration kSearchInterval = Duration::Millis(250);

  // Video packets kept, of each encoding: a key frame whose first packet was lost and came again is
  // begun with, and the rest of it follows from here. A stream that pauses keeps none.
  static constexpr size_t kRecentPackets = 128;
  static constexpr Duration kMaxRecentAge = Duration::Millis(1000);

  // `selector`: of the room, for audio; else null.
  StreamFanout(SfuWorker& worker, const Publication& stream, unsigned origin_worker,
               AudioSelector* selector);
  ~StreamFanout();
  StreamFanout(const StreamFanout&) = delete;
  StreamFanout& operator=(const StreamFanout&) = delete;

  StreamId key() const { return key_; }
  const StreamInfo& info() const { return info_; }
  const std::vector<EncodingInfo>& encodings() const { return encodings_; }
  const std::vector<StreamConsumer*>& consumers() const { return consumers_; }
  const std::optional<rtp::SenderReport>& last_report() const { return last_report_; }
  const LayerRates& rates() const { return rates_; }
  uint64_t room() const { return room_; }

  void Forward(const PacketRef& packet, Timestamp now);
  void ForwardReport(const rtp::SenderReport& report, Timestamp now);
  // Of encoding `encoding`; goes to the publisher's worker, which coalesces those of all workers.
  void RequestKeyframe(size_t encoding, Timestamp now);
  // The publisher's worker is another than was thought: asks it for what is waited for.
  void RenewKeyframeRequests(Timestamp now);
  void Tick(Timestamp now);
  // Tells the consumers, which detach.
  void End();

  // Whether this audio is for a listener of the room: it is among the loudest of the others. One
  // who is among them himself (`speaks`, asked only where it matters) hears one more.
  template <typename Speaks>
  bool Audible(Speaks speaks) const {
    if (selector_ == nullptr || speaker_.selected) return true;
    return selector_->Audible(speaker_, speaker_.spare && speaks());
  }
  bool selected() const { return selector_ != nullptr && speaker_.selected; }

 private:
  friend class SfuWorker;
  struct Encoding {
    std::optional<uint16_t> newest;
    std::vector<PacketRef> recent;  // by sequence number modulo its size; of audio none
    Timestamp last_packet;
    std::optional<Timestamp> last_request;
    bool request_owed = false;
  };

  void OnLateKeyframe(const PacketRef& first, Timestamp now);

  SfuWorker& worker_;
  const StreamId key_;
  const StreamInfo info_;
  const std::vector<EncodingInfo> encodings_;
  const uint64_t room_;
  AudioSelector* const selector_;
  AudioSelector::Speaker speaker_;
  std::vector<StreamConsumer*> consumers_;
  std::optional<rtp::SenderReport> last_report_;
  std::array<Encoding, kMaxEncodings> states_;
  LayerRates rates_;

  // The worker that has the stream, or is believed to; SfuWorker's.
  unsigned origin_;
  bool attached_ = false;
  Timestamp next_search_;
};

}  // namespace ferry::gateway

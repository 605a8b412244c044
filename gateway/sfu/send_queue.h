// The media that waits to be sent to one client. Sans-I/O: the transport takes the next item
// whenever it can write, so that everything not yet handed to it can still be reordered or dropped
// here.
//
// Order: RTCP (sender reports last), audio, retransmissions, video. Each class is bounded in bytes
// or count, RTP in age too. Video that waited too long is dropped by whole frames, and then on
// until the next key frame: a delta frame without its predecessor would only cost bandwidth. A
// frame of which a part was already sent is finished.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/units.h"
#include "gateway/sfu/packet_pool.h"
#include "gateway/sfu/ring_queue.h"

namespace ferry::gateway {

class OutgoingStream;

// A media packet on its way to one subscriber: header fields that differ from the publisher's.
struct OutgoingPacket {
  PacketRef packet;
  OutgoingStream* stream = nullptr;
  uint32_t timestamp = 0;
  uint16_t sequence_number = 0;
  PictureNumbers picture;
  bool retransmission = false;
  Timestamp enqueued;
};

// A run of video that left the queue unsent.
struct VideoDrop {
  size_t packets = 0;
  // The first sequence number the client has not seen: forwarding goes on from it.
  uint16_t resume_sequence = 0;
  // The first of what was kept, which begins with a key frame; nullopt when nothing was, and then a
  // key frame is needed.
  std::optional<uint16_t> kept_sequence;
};

// One stream to one subscriber, which numbers its packets itself. Outlives its packets in the queue
// (RemoveStream).
class OutgoingStream {
 public:
  explicit OutgoingStream(uint32_t ssrc) : ssrc_(ssrc) {}
  virtual ~OutgoingStream() = default;

  uint32_t ssrc() const { return ssrc_; }
  virtual bool video() const = 0;

  // Some of its video was dropped from the queue.
  virtual void OnDropped(const VideoDrop& drop, Timestamp now) = 0;
  // After a drop, of each of its packets that still waits: closes the gap.
  virtual void Renumber(OutgoingPacket& waiting) const = 0;

  struct Written {
    size_t size = 0;        // 0: does not fit `out`
    bool numbered = false;  // with the transport-wide sequence number
  };
  // Makes the packet as this subscriber gets it. One to which the gateway added the transport-wide
  // number goes without where only so it fits.
  virtual Written Write(const OutgoingPacket& packet, uint16_t transport_sequence,
                        MutableByteSpan out) const = 0;
  virtual void OnSent(OutgoingPacket packet, Timestamp now) = 0;
  // What was sent under this number, while it is kept.
  virtual std::optional<OutgoingPacket> FindSent(uint16_t sequence_number) const = 0;

 private:
  friend class SendQueue;
  const uint32_t ssrc_;
  // Of the video frame of which the client has a part.
  std::optional<uint32_t> unfinished_timestamp_;
};

class SendQueue {
 public:
  struct Limits {
    size_t max_media_bytes = 1024 * 1024;
    Duration max_video_age = Duration::Millis(400);
    Duration max_audio_age = Duration::Millis(600);
    // The transport took nothing for this long while it had something to write: the client does
    // not read.
    Duration stall = Duration::Millis(10'000);
  };
  static constexpr size_t kMaxRtcpPackets = 64;
  static constexpr size_t kMaxSenderReports = 512;
  static constexpr size_t kMaxRetransmissions = 256;

  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnVideoDropped(size_t packets) = 0;
    virtual void OnAudioDropped() = 0;
  };

  using Rtcp = std::vector<uint8_t>;
  using Item = std::variant<Rtcp, OutgoingPacket>;

  SendQueue(const Limits& limits, Listener& listener) : limits_(limits), listener_(listener) {}

  void PushRtcp(Rtcp packet, Timestamp now);
  // Replaces one of the same stream that still waits. Apart from other RTCP, so that many streams'
  // reports push out no request.
  void PushSenderReport(uint32_t ssrc, Rtcp packet, Timestamp now);
  void PushAudio(OutgoingPacket packet);
  void PushVideo(OutgoingPacket packet);
  void PushRetransmission(OutgoingPacket packet);

  // The next item to write, or nullopt when none is worth sending. Without `paced`, video waits.
  std::optional<Item> Pop(Timestamp now, bool paced = true);
  // Drops what became too old although nobody takes anything.
  void DropStale(Timestamp now);
  // Forgets everything of a stream, without telling anybody.
  void RemoveStream(OutgoingStream& stream);
  // A buffer for Rtcp that has been sent, to be used again.
  Rtcp TakeBuffer();
  void ReuseBuffer(Rtcp buffer);
  // Forgets all of it.
  void Clear();

  bool empty() const;
  bool has_video() const { return !video_.empty(); }
  // The transport has been busy with one item for longer than the limit: the client does not read.
  bool stalled(Timestamp now) const {
    return !writer_idle_ && now - last_progress_ > limits_.stall;
  }
  size_t bytes() const { return media_bytes_; }

 private:
  // Buffers of RTCP kept for reuse: a tick's worth.
  static constexpr size_t kMaxBuffers = 16;

  // The writer's time to take something begins.
  void NotePush(Timestamp now) {
    if (std::exchange(writer_idle_, false)) last_progress_ = now;
  }
  OutgoingPacket PopMedia(RingQueue<OutgoingPacket>& queue);
  static bool Unfinished(const OutgoingPacket& packet) {
    return packet.stream->unfinished_timestamp_ == packet.timestamp;
  }
  // Drops the video of `stream` up to the newest key frame that is not older than `oldest_kept`.
  // `finish` spares the rest of a frame already begun.
  void DropVideo(OutgoingStream& stream, Timestamp oldest_kept, bool finish, Timestamp now);
  void DropStaleVideo(Timestamp now);
  void DropStaleAudio(Timestamp now);
  void MakeRoom(Timestamp now);

  Limits limits_;
  Listener& listener_;
  RingQueue<Rtcp> rtcp_;
  RingQueue<std::pair<uint32_t, Rtcp>> sender_reports_;  // one per SSRC
  RingQueue<OutgoingPacket> audio_;
  RingQueue<OutgoingPacket> retransmissions_;
  RingQueue<OutgoingPacket> video_;  // all streams, in the order of arrival
  std::vector<Rtcp> buffers_;
  size_t media_bytes_ = 0;
  Timestamp last_progress_;
  bool writer_idle_ = true;  // the last Pop found nothing, and nothing came since
};

}  // namespace ferry::gateway

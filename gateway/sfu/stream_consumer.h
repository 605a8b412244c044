// What a published stream is fed to, whoever takes it: a browser's subscription, which rewrites; or
// a recorder, a packager, a mixer, a sender of plain RTP, another node, which take all layers as
// they are. It needs no connection, and may be on any worker.
#pragma once

#include <cstddef>
#include <optional>

#include "core/base/units.h"
#include "core/rtp/rtcp.h"
#include "gateway/sfu/packet_pool.h"
#include "gateway/sfu/stream.h"

namespace ferry::gateway {

class SfuWorker;
class StreamFanout;

// Belongs to the thread of its worker, which makes all calls. None of them but OnStreamEnded may
// attach or detach anything.
class StreamConsumer {
 public:
  virtual ~StreamConsumer() = default;

  // A packet of any encoding and layer, in the order of arrival. `newest`: none of its encoding
  // came that is newer. It is shared and does not change; keeping a reference to it keeps its
  // memory.
  virtual void OnPacket(const PacketRef& packet, bool newest, Timestamp now) = 0;
  virtual void OnSenderReport(const rtp::SenderReport& report, Timestamp now) = 0;
  // The stream is gone: the consumer detaches before it returns, and may end itself.
  virtual void OnStreamEnded() = 0;
  // Of which encoding it waits for a key frame, if of any. One whose first packet came late it gets
  // again from there on, in order and as newest; and should the publisher move to another worker,
  // it is asked for again.
  virtual std::optional<size_t> awaited_keyframe() const { return std::nullopt; }
};

// A consumer's place at a stream: from its making to its end.
class StreamAttachment {
 public:
  // `origin_worker`: the publisher's, as far as known; the stream is found wherever it is.
  StreamAttachment(SfuWorker& worker, const Publication& stream, unsigned origin_worker,
                   StreamConsumer& consumer, Timestamp now);
  ~StreamAttachment();
  StreamAttachment(const StreamAttachment&) = delete;
  StreamAttachment& operator=(const StreamAttachment&) = delete;

  // Goes to the publisher, as one request with those of all others.
  void RequestKeyframe(size_t encoding, Timestamp now);
  // What is known of the stream here: its rates, its last sender report.
  const StreamFanout& fanout() const { return fanout_; }

 private:
  SfuWorker& worker_;
  StreamConsumer& consumer_;
  StreamFanout& fanout_;
};

}  // namespace ferry::gateway

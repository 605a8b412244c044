// One stream as a worker with subscribers of it sees it: their list, and the way back to the
// publisher for key frame requests. On the publisher's own worker the packets come directly,
// elsewhere over a link between workers (sfu_worker.h).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/units.h"
#include "core/rtp/rtcp.h"
#include "gateway/sfu/packet_pool.h"
#include "gateway/sfu/stream.h"

namespace ferry::gateway {

class SfuWorker;
class Subscription;

class StreamFanout {
 public:
  StreamFanout(SfuWorker& worker, const SubscriptionRequest& request);
  StreamFanout(const StreamFanout&) = delete;
  StreamFanout& operator=(const StreamFanout&) = delete;

  StreamKey key() const { return key_; }
  const StreamInfo& info() const { return info_; }
  const std::vector<EncodingInfo>& encodings() const { return encodings_; }
  const std::vector<Subscription*>& subscriptions() const { return subscriptions_; }

  const std::optional<rtp::SenderReport>& last_report() const { return last_report_; }

  void Forward(const PacketRef& packet, Timestamp now);
  void ForwardReport(const rtp::SenderReport& report, Timestamp now);
  // Of encoding `encoding`; goes to the publisher's worker, which coalesces those of all workers.
  void RequestKeyframe(size_t encoding, Timestamp now);
  // Destroys the subscriptions.
  void End();

 private:
  friend class SfuWorker;

  SfuWorker& worker_;
  const StreamKey key_;
  const StreamInfo info_;
  const std::vector<EncodingInfo> encodings_;
  std::vector<Subscription*> subscriptions_;
  std::optional<rtp::SenderReport> last_report_;
  unsigned origin_;  // worker
};

}  // namespace ferry::gateway

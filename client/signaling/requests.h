// The client's control messages as text (docs/protocol.md §2.1).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "client/signaling/types.h"

namespace ferry::client {

std::string JoinRequest(int64_t id, const JoinParams& params);
std::string ResumeRequest(int64_t id, std::string_view token, int64_t ack);
std::string LeaveRequest(int64_t id);
std::string PublishRequest(int64_t id, const PublishParams& params);
std::string UpdateStreamRequest(int64_t id, std::string_view stream_id, bool muted);
std::string UnpublishRequest(int64_t id, std::string_view stream_id);
// Subscriptions of audio have no preference.
std::string SubscribeRequest(int64_t id, std::string_view stream_id,
                             const LayerPreference* preference);
std::string UpdateSubscriptionRequest(int64_t id, std::string_view stream_id,
                                      const LayerPreference& preference);
std::string UnsubscribeRequest(int64_t id, std::string_view stream_id);
// `ack`: the newest message of the gateway that was handled; 0: none.
std::string PingRequest(int64_t id, double time_ms, int64_t ack);
// The only message that is not answered.
std::string AckMessage(int64_t ack);

}  // namespace ferry::client

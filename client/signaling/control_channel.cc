#include "client/signaling/control_channel.h"

#include <utility>

#include "client/signaling/requests.h"

namespace ferry::client {

Result<int64_t> ControlChannel::Request(RequestType type, const std::string& stream_id,
                                        auto&& make_text) {
  if (pending_.size() >= kMaxPending) {
    return Fail(ErrorCode::kLimitExceeded,
                std::to_string(kMaxPending) + " requests wait for an answer already");
  }
  const int64_t id = next_id_++;
  std::string text = make_text(id);
  // While a resume is under way, what the gateway has not yet handled is repeated in order first.
  if (connected_ && !resuming_) outgoing_.push_back(text);
  pending_.emplace(id, Pending{type, stream_id, std::move(text)});
  return id;
}

Result<int64_t> ControlChannel::Join(const JoinParams& params) {
  return Request(RequestType::kJoin, {}, [&](int64_t id) { return JoinRequest(id, params); });
}
Result<int64_t> ControlChannel::Leave() {
  return Request(RequestType::kLeave, {}, [](int64_t id) { return LeaveRequest(id); });
}
Result<int64_t> ControlChannel::Publish(const PublishParams& params) {
  return Request(RequestType::kPublish, {}, [&](int64_t id) { return PublishRequest(id, params); });
}
Result<int64_t> ControlChannel::UpdateStream(const std::string& stream_id, bool muted) {
  return Request(RequestType::kUpdateStream, stream_id,
                 [&](int64_t id) { return UpdateStreamRequest(id, stream_id, muted); });
}
Result<int64_t> ControlChannel::Unpublish(const std::string& stream_id) {
  return Request(RequestType::kUnpublish, stream_id,
                 [&](int64_t id) { return UnpublishRequest(id, stream_id); });
}
Result<int64_t> ControlChannel::Subscribe(const std::string& stream_id,
                                          const LayerPreference* preference) {
  return Request(RequestType::kSubscribe, stream_id,
                 [&](int64_t id) { return SubscribeRequest(id, stream_id, preference); });
}
Result<int64_t> ControlChannel::UpdateSubscription(const std::string& stream_id,
                                                   const LayerPreference& preference) {
  return Request(RequestType::kUpdateSubscription, stream_id,
                 [&](int64_t id) { return UpdateSubscriptionRequest(id, stream_id, preference); });
}
Result<int64_t> ControlChannel::Unsubscribe(const std::string& stream_id) {
  return Request(RequestType::kUnsubscribe, stream_id,
                 [&](int64_t id) { return UnsubscribeRequest(id, stream_id); });
}

void ControlChannel::OnDisconnected() {
  connected_ = false;
  resuming_ = false;
  outgoing_.clear();
  ack_due_ = false;
  next_ping_.reset();
  // Neither is of use on another connection.
  std::erase_if(pending_, [](const auto& entry) {
    return entry.second.type == RequestType::kPing || entry.second.type == RequestType::kResume;
  });
}

void ControlChannel::OnConnected(Timestamp now) {
  connected_ = true;
  next_ping_ = now + kPingInterval;
  if (!resumable()) {
    for (const auto& [id, request] : pending_) outgoing_.push_back(request.text);
    return;
  }
  resuming_ = true;
  const int64_t id = next_id_++;
  outgoing_.push_back(ResumeRequest(id, resume_token_, last_seq_));
  pending_.emplace(id, Pending{RequestType::kResume, {}, {}});
}

Result<ControlEvent> ControlChannel::Receive(std::string_view text, Timestamp now) {
  auto message = ParseGatewayMessage(text);
  if (!message) return std::unexpected(message.error());
  if (message->seq > 0) {
    // Said again after a resume because our acknowledgement was on its way.
    if (message->seq <= last_seq_) return ControlEvent{};
    if (message->seq != last_seq_ + 1) {
      return Fail(ErrorCode::kMalformed, "the gateway's message " + std::to_string(message->seq) +
                                             " came after " + std::to_string(last_seq_));
    }
    last_seq_ = message->seq;
    if (last_seq_ - acknowledged_ >= kAckInterval) ack_due_ = true;
  }
  if (auto* answer = std::get_if<Answer>(&message->body)) return OnAnswer(std::move(*answer), now);
  if (auto* notification = std::get_if<Notification>(&message->body)) {
    return ControlEvent{std::move(*notification)};
  }
  return ControlEvent{};
}

Result<ControlEvent> ControlChannel::OnAnswer(Answer answer, Timestamp now) {
  const auto found = pending_.find(answer.id);
  if (found == pending_.end()) return ControlEvent{};  // of a ping on an earlier connection
  Answered answered{found->second.type, answer.id, std::move(found->second.stream_id),
                    std::move(answer)};
  pending_.erase(found);
  const Answer& given = answered.answer;
  if (answered.type == RequestType::kPing) {
    if (given.time_ms) {
      const auto sent = Timestamp::Micros(static_cast<int64_t>(*given.time_ms * 1000));
      if (sent <= now) round_trip_ = now - sent;  // else no ping of ours
    }
    return ControlEvent{};
  }
  if (given.error) {
    if (answered.type == RequestType::kResume) resume_token_.clear();
    return ControlEvent{std::move(answered)};
  }
  const bool lacks_ssrc = !given.ssrc && (answered.type == RequestType::kPublish ||
                                          answered.type == RequestType::kSubscribe);
  const bool lacks_stream = given.stream_id.empty() && answered.type == RequestType::kPublish;
  if (lacks_ssrc || lacks_stream) {
    return Fail(ErrorCode::kMalformed, "an answer lacks the stream's ssrc or streamId");
  }
  if (answered.type == RequestType::kJoin || answered.type == RequestType::kResume) {
    resume_token_ = given.resume_token;
  }
  if (answered.type == RequestType::kResume) OnResumed(given);
  return ControlEvent{std::move(answered)};
}

void ControlChannel::OnResumed(const Answer& answer) {
  resuming_ = false;
  const int64_t last_id = answer.last_id.value_or(0);
  for (const auto& [id, request] : pending_) {
    if (id > last_id && request.type != RequestType::kPing) outgoing_.push_back(request.text);
  }
  // Any acknowledgement tells the gateway that the new token has arrived.
  ack_due_ = last_seq_ > 0;
}

void ControlChannel::Tick(Timestamp now) {
  // A ping before a resume's answer would pass the requests that are to be repeated.
  if (!connected_ || resuming_ || now < *next_ping_) return;
  next_ping_ = now + kPingInterval;
  if (pending_.size() >= kMaxPending) return;
  const int64_t id = next_id_++;
  acknowledged_ = last_seq_;
  ack_due_ = false;
  outgoing_.push_back(PingRequest(id, now.ms_f(), last_seq_));
  pending_.emplace(id, Pending{RequestType::kPing, {}, {}});
}

std::optional<std::string> ControlChannel::NextMessage() {
  if (outgoing_.empty()) {
    if (!std::exchange(ack_due_, false)) return std::nullopt;
    acknowledged_ = last_seq_;
    return AckMessage(last_seq_);
  }
  std::string message = std::move(outgoing_.front());
  outgoing_.pop_front();
  return message;
}

}  // namespace ferry::client

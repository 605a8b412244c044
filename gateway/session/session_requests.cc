// The requests of a client that is in a room. All run with the room's shard locked, the media's
// part of them too, which is a few microseconds. But the end of a stream is as much work as it has
// subscribers: its media is taken apart afterwards, when nobody finds it in the room any more.
#include <fmt/format.h>

#include "gateway/session/session_connection.h"

namespace ferry::gateway {
namespace {

std::unexpected<Refusal> Refusing(SignalingError code, std::string message) {
  return std::unexpected(Refusal{std::nullopt, static_cast<int>(code), std::move(message)});
}

}  // namespace

SessionConnection::Answer SessionConnection::Carry(int64_t id, const LeaveRequest&) {
  return OkAnswer(id);
}

SessionConnection::Answer SessionConnection::Carry(int64_t id, const PublishRequest& publish) {
  Publication stream{.key = control().NewStreamId(), .encodings = publish.encodings};
  if (stream.encodings.empty()) stream.encodings.resize(1);
  for (EncodingInfo& encoding : stream.encodings) encoding.ssrc = session_->NewSsrc();
  const auto published = session_->room()->Publish(*session_, publish, std::move(stream));
  if (!published) return std::unexpected(published.error());
  endpoint_->Publish(*published);
  return Carried(
      PublishedAnswer(id, *published),
      fmt::format("event=published stream={} codec={} encodings={}", published->info.stream_id,
                  PayloadType(publish.codec), published->encodings.size()));
}

SessionConnection::Answer SessionConnection::Carry(int64_t id, const UpdateStreamRequest& update) {
  const auto done = session_->room()->SetMuted(*session_, update.stream_id, update.muted);
  if (!done) return std::unexpected(done.error());
  return OkAnswer(id);
}

SessionConnection::Answer SessionConnection::Carry(int64_t id, const UnpublishRequest& unpublish) {
  const auto key = session_->room()->Unpublish(*session_, unpublish.stream_id);
  if (!key) return std::unexpected(key.error());
  Carried carried(OkAnswer(id), fmt::format("event=unpublished stream={}", unpublish.stream_id));
  carried.unpublished = *key;
  return carried;
}

SessionConnection::Answer SessionConnection::Carry(int64_t id, const SubscribeRequest& subscribe) {
  const auto found = session_->room()->Find(*session_, subscribe.stream_id);
  if (!found) return std::unexpected(found.error());
  const Publication& stream = found->stream;
  if (const auto* before = endpoint_->Subscribed(stream.key)) {
    endpoint_->SetLayerPreference(stream.key, subscribe.preference.AppliedTo(before->preference));
    return SubscribedAnswer(id, before->ssrc, stream.info.codec);
  }
  const SubscriptionRequest request{.key = stream.key,
                                    .info = stream.info,
                                    .origin_worker = found->publisher.home().worker,
                                    .ssrc = session_->NewSsrc(),
                                    .room = stream.room,
                                    .preference = subscribe.preference.AppliedTo({}),
                                    .encodings = stream.encodings};
  if (!endpoint_->Subscribe(request, Now())) {
    return Refusing(SignalingError::kTooManyStreams,
                    fmt::format("subscribe: {} subscriptions are the limit",
                                control().limits().media.max_subscriptions));
  }
  session_->subscribed().insert(stream.key);
  return SubscribedAnswer(id, request.ssrc, stream.info.codec);
}

SessionConnection::Answer SessionConnection::Carry(int64_t id,
                                                   const UpdateSubscriptionRequest& update) {
  const SubscriptionRequest* subscribed = endpoint_->Subscribed(update.stream_id);
  if (subscribed == nullptr) {
    return Refusing(SignalingError::kNoSuchStream,
                    "update-subscription: not subscribed to this stream");
  }
  endpoint_->SetLayerPreference(subscribed->key,
                                update.preference.AppliedTo(subscribed->preference));
  return OkAnswer(id);
}

SessionConnection::Answer SessionConnection::Carry(int64_t id,
                                                   const UnsubscribeRequest& unsubscribe) {
  const SubscriptionRequest* subscribed = endpoint_->Subscribed(unsubscribe.stream_id);
  if (subscribed == nullptr) {
    return Refusing(SignalingError::kNoSuchStream, "unsubscribe: not subscribed to this stream");
  }
  const StreamId stream = subscribed->key;
  endpoint_->Unsubscribe(stream);
  session_->EndSubscription(stream);
  return OkAnswer(id);
}

}  // namespace ferry::gateway

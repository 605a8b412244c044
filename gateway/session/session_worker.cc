#include "gateway/session/session_worker.h"

#include <ranges>

#include "gateway/session/session_connection.h"

namespace ferry::gateway {

SessionWorker::SessionWorker(unsigned index, const SessionContext& context, SfuWorker& sfu,
                             Metrics& metrics)
    : index_(index), context_(context), sfu_(sfu), metrics_(metrics) {}

SessionWorker::~SessionWorker() = default;

std::unique_ptr<net::ConnectionHandler> SessionWorker::MakeHandler(net::Connection& connection) {
  return std::make_unique<SessionConnection>(*this, connection);
}

MediaEndpoint* SessionWorker::ClaimEndpoint(Session& session, Timestamp now) {
  if (const auto found = media_.find(&session); found != media_.end()) {
    return found->second->endpoint.get();
  }
  const bool moving = session.media_worker() != index_ && session.parked == nullptr;
  if (moving) return nullptr;
  auto media = std::make_unique<Media>(*this, session.shared_from_this());
  const MediaLimits& limits = context_.control.limits().media;
  media->endpoint =
      session.parked
          ? MediaEndpoint::FromState(limits, sfu_, *media, std::move(*session.parked), now)
          : std::make_unique<MediaEndpoint>(limits, sfu_, *media, session.NewSsrc());
  session.parked.reset();
  session.set_media_worker(index_);
  return (media_[&session] = std::move(media))->endpoint.get();
}

void SessionWorker::TakeMail() {
  const Timestamp now = context_.clock.Now();
  std::vector<SessionConnection*> resumed;
  {
    const ControlPlane::Guard guard(context_.control);
    for (const auto& session : context_.control.TakeMail(index_)) Attend(*session, now, resumed);
  }
  for (SessionConnection* connection : resumed) connection->HandleEarly();
  TellLayerChanges();
}

void SessionWorker::Attend(Session& session, Timestamp now,
                           std::vector<SessionConnection*>& resumed) {
  for (SessionConnection* former : session.TakeMoved(index_)) former->OnMoved();
  SessionConnection* here =
      session.place() && session.place()->worker == index_ ? session.connection() : nullptr;
  if (session.ending()) {
    media_.erase(&session);
    if (here) here->OnSessionEnded(*session.ending());
    return;
  }
  const auto media = media_.find(&session);
  if (media != media_.end() && session.place() && here == nullptr) {
    session.parked = std::make_unique<MediaState>(media->second->endpoint->TakeState());
    media_.erase(media);
    session.set_media_worker(session.place()->worker);
    context_.control.Post(session, session.place()->worker);
  }
  EndSubscriptions(session);
  if (here == nullptr) return;
  if (here->waits_for_media() && session.parked) {
    here->TakeMedia(*ClaimEndpoint(session, now));
    EndSubscriptions(session);
    resumed.push_back(here);
  }
  here->Wake();
}

void SessionWorker::EndSubscriptions(Session& session) {
  const auto media = media_.find(&session);
  if (media == media_.end()) return;
  for (const StreamKey key : session.TakeEndedStreams()) media->second->endpoint->Unsubscribe(key);
}

void SessionWorker::TellLayerChanges() {
  if (layer_changes_.empty()) return;
  const ControlPlane::Guard guard(context_.control);
  for (const LayerChange& change : std::exchange(layer_changes_, {})) {
    const auto& subscriptions = change.session->subscriptions();
    const auto found = subscriptions.find(change.key);
    if (found == subscriptions.end()) continue;
    change.session->Send(LayerChanged(found->second.stream_id, change.layer));
  }
}

void SessionWorker::Tick(Timestamp now) {
  // No connection ends within its tick: Close takes effect later.
  for (SessionConnection* connection : connections_) connection->Tick(now);
  for (const auto& media : media_ | std::views::values) media->endpoint->Tick(now);
  TellLayerChanges();
  if (index_ == 0) {
    const ControlPlane::Guard guard(context_.control);
    context_.control.ExpireGrace(now);
  }
}

void SessionWorker::Shutdown() {
  for (SessionConnection* connection : connections_) connection->Shutdown();
}

void SessionWorker::Abort() {
  for (SessionConnection* connection : connections_) connection->Abort();
}

size_t SessionWorker::queued_bytes() const {
  size_t bytes = 0;
  for (const auto& media : media_ | std::views::values) bytes += media->endpoint->queued_bytes();
  return bytes;
}

}  // namespace ferry::gateway

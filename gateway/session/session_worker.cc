#include "gateway/session/session_worker.h"

#include <algorithm>
#include <iterator>
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

void SessionWorker::TakeMail() {
  std::vector<std::shared_ptr<Session>> mail;
  {
    const ControlPlane::Guard guard(context_.control);
    mail = context_.control.TakeMail(index_);
  }
  Process(mail);
  TellLayerChanges();
}

void SessionWorker::Process(std::span<const std::shared_ptr<Session>> sessions) {
  PendingWork work;
  {
    const ControlPlane::Guard guard(context_.control);
    for (const auto& session : sessions) Find(session, work);
  }
  Do(work);
  if (!work.leaving.empty() || !work.arriving.empty()) {
    const ControlPlane::Guard guard(context_.control);
    HandOver(work);
  }
  for (const auto& [endpoint, key] : work.ended_streams) endpoint->Unsubscribe(key);
  for (const auto& [connection, endpoint, last_request] : work.attaching) {
    connection->TakeMedia(*endpoint, last_request);
  }
  for (SessionConnection* connection : work.woken) connection->Wake();
  for (const auto& attachment : work.attaching) attachment.connection->HandleEarly();
}

SessionConnection* SessionWorker::ConnectionHere(const Session& session) const {
  return session.place() && session.place()->worker == index_ ? session.connection() : nullptr;
}

void SessionWorker::Find(const std::shared_ptr<Session>& session, PendingWork& work) {
  std::ranges::copy(session->TakeMoved(index_), std::back_inserter(work.moved));
  SessionConnection* here = ConnectionHere(*session);
  const auto found = media_.find(session.get());
  if (session->ending()) {
    if (found != media_.end()) work.dropped.push_back(std::move(media_.extract(found).mapped()));
    if (here) work.ended.emplace_back(here, *session->ending());
    return;
  }
  if (found != media_.end() && session->place() && here == nullptr) {
    work.leaving.push_back({std::move(media_.extract(found).mapped()), nullptr});
    return;
  }
  if (found != media_.end()) {
    FindAttachment(*session, *found->second, work);
  } else if (here && here->waits_for_media() &&
             (session->parked || session->media_worker() == index_)) {
    const auto parked = std::move(session->parked);
    session->set_media_worker(index_);
    work.arriving.push_back(
        {std::make_unique<Media>(*this, session),
         parked ? std::move(*parked) : MediaState{.own_ssrc = session->NewSsrc()}});
  }
  if (!here) return;
  here->TakeLog();
  work.woken.push_back(here);
}

void SessionWorker::FindAttachment(Session& session, Media& media, PendingWork& work) {
  for (const StreamId key : session.TakeEndedStreams()) {
    work.ended_streams.emplace_back(media.endpoint.get(), key);
  }
  SessionConnection* here = ConnectionHere(session);
  if (here && here->waits_for_media()) {
    work.attaching.push_back({here, media.endpoint.get(), session.last_request()});
  }
}

void SessionWorker::Do(PendingWork& work) {
  for (SessionConnection* former : work.moved) former->OnMoved();
  for (const auto& [connection, ending] : work.ended) connection->OnSessionEnded(ending);
  work.dropped.clear();
  for (auto& [media, state] : work.leaving) {
    state = std::make_unique<MediaState>(media->endpoint->TakeState());
  }
  for (auto& [media, state] : work.arriving) {
    media->endpoint = MediaEndpoint::FromState(context_.control.limits().media, sfu_, *media,
                                               std::move(state), context_.clock.Now());
  }
}

// What has happened to the sessions meanwhile was posted to this worker, as the one with their
// media: it will be processed.
void SessionWorker::HandOver(PendingWork& work) {
  for (auto& [media, state] : work.leaving) {
    Session& session = *media->session;
    if (session.ending()) continue;
    session.parked = std::move(state);
    if (!session.place()) continue;  // lost again: whoever resumes it finds what is parked
    session.set_media_worker(session.place()->worker);
    context_.control.Post(session, session.place()->worker);
  }
  for (auto& [media, state] : work.arriving) {
    Session& session = *media->session;
    Media& kept = *(media_[&session] = std::move(media));
    if (!session.ending()) FindAttachment(session, kept, work);
  }
}

void SessionWorker::TellLayerChanges() {
  if (layer_changes_.empty()) return;
  const ControlPlane::Guard guard(context_.control);
  for (const LayerChange& change : std::exchange(layer_changes_, {})) {
    const auto& subscriptions = change.session->subscriptions();
    const auto found = subscriptions.find(change.key);
    if (found == subscriptions.end()) continue;
    change.session->Send(ControlMessage::OfSubscription(
        change.key, LayerChanged(found->second.stream_id, change.layer)));
  }
}

void SessionWorker::Tick(Timestamp now) {
  if (now - last_deadlines_ >= kDeadlineInterval) {
    last_deadlines_ = now;
    // No connection ends within its tick: Close takes effect later.
    for (SessionConnection* connection : connections_) connection->Tick(now);
  }
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

#include "gateway/session/session_worker.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <ranges>

#include "gateway/session/session_connection.h"

namespace ferry::gateway {

SessionWorker::SessionWorker(unsigned index, const SessionContext& context, SfuWorker& sfu,
                             Metrics& metrics)
    : index_(index),
      context_(context),
      sfu_(sfu),
      metrics_(metrics),
      entering_(ConnectionBudget::Share(context.control.limits().max_entering, context.workers),
                metrics.entering, metrics.entering_cut) {}

SessionWorker::~SessionWorker() = default;

std::unique_ptr<net::ConnectionHandler> SessionWorker::MakeHandler(net::Connection& connection) {
  return std::make_unique<SessionConnection>(*this, connection);
}

void SessionWorker::Add(SessionConnection& connection) {
  connections_[connection.number()] = &connection;
}

void SessionWorker::Remove(SessionConnection& connection) {
  connections_.erase(connection.number());
}

SessionConnection* SessionWorker::Find(uint64_t number) const {
  const auto found = connections_.find(number);
  return found == connections_.end() ? nullptr : found->second;
}

void SessionWorker::TakeMail() {
  auto mail = context_.control.mail().Take(index_);
  for (const auto& answer : mail.answers) answer(*this);
  Process(mail.sessions);
  TellLayerChanges();
}

namespace {

// Calls `look` for each, with its shard locked: once for those of one shard that follow each other.
template <typename Items, typename SessionOf, typename Look>
void ByShard(Items& items, SessionOf session_of, Look look) {
  std::ranges::stable_sort(items, std::less(),
                           [&](const auto& item) { return session_of(item).shard().index(); });
  std::optional<ControlShard::Guard> guard;
  const ControlShard* locked = nullptr;
  for (auto& item : items) {
    ControlShard& shard = session_of(item).shard();
    if (locked != &shard) {
      guard.reset();
      guard.emplace(shard);
      locked = &shard;
    }
    look(item);
  }
}

}  // namespace

void SessionWorker::Process(const std::shared_ptr<Session>& session) {
  std::vector sessions{session};
  Process(sessions);
}

void SessionWorker::Process(std::vector<std::shared_ptr<Session>>& sessions) {
  PendingWork work;
  ByShard(
      sessions, [](const auto& session) -> Session& { return *session; },
      [&](const auto& session) { Look(session, work); });
  Do(work);
  HandOver(work);
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

void SessionWorker::Look(const std::shared_ptr<Session>& session, PendingWork& work) {
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
  const auto session_of = [](const auto& moving) -> Session& { return *moving.media->session; };
  ByShard(work.leaving, session_of, [](PendingWork::Departure& leaving) {
    Session& session = *leaving.media->session;
    if (session.ending()) return;
    session.parked = std::move(leaving.state);
    if (!session.place()) return;  // lost again: whoever resumes it finds what is parked
    session.set_media_worker(session.place()->worker);
    session.shard().Post(session, session.place()->worker);
  });
  // Sorted by what it holds before that is taken out of it.
  ByShard(work.arriving, session_of, [&](PendingWork::Arrival& arriving) {
    Session& session = *arriving.media->session;
    Media& kept = *(media_[&session] = std::move(arriving.media));
    if (!session.ending()) FindAttachment(session, kept, work);
  });
}

void SessionWorker::TellLayerChanges() {
  auto changes = std::exchange(layer_changes_, {});
  ByShard(
      changes, [](const LayerChange& change) -> Session& { return *change.session; },
      [](LayerChange& change) {
        if (!change.session->subscribed().contains(change.key)) return;
        change.session->Send(ControlMessage::OfSubscription(
            change.key, LayerChanged(change.stream_id, change.layer)));
      });
}

void SessionWorker::Tick(Timestamp now) {
  if (now - last_deadlines_ >= kDeadlineInterval) {
    last_deadlines_ = now;
    // No connection ends within its tick: Close takes effect later.
    for (SessionConnection* connection : connections_ | std::views::values) connection->Tick(now);
  }
  for (const auto& media : media_ | std::views::values) media->endpoint->Tick(now);
  TellLayerChanges();
  if (index_ == 0) context_.control.ExpireGrace(now);
}

void SessionWorker::Shutdown() {
  for (SessionConnection* connection : connections_ | std::views::values) connection->Shutdown();
}

void SessionWorker::Abort() {
  for (SessionConnection* connection : connections_ | std::views::values) connection->Abort();
}

size_t SessionWorker::queued_bytes() const {
  size_t bytes = 0;
  for (const auto& media : media_ | std::views::values) bytes += media->endpoint->queued_bytes();
  return bytes;
}

}  // namespace ferry::gateway

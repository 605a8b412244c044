// The sessions as one worker has them: connections that end here, and the media of the sessions
// that live here, with or without a connection. Sans-I/O: driven by one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/units.h"
#include "gateway/base/clock.h"
#include "gateway/base/metrics.h"
#include "gateway/net/address_limits.h"
#include "gateway/net/connection_budget.h"
#include "gateway/session/app_directory.h"
#include "gateway/session/control_plane.h"
#include "gateway/session/media_endpoint.h"
#include "gateway/sfu/sfu_worker.h"
#include "net/connection.h"

namespace ferry::gateway {

class SessionConnection;

// What the sessions of all workers share; outlives them.
struct SessionContext {
  const Clock& clock;
  const AppDirectory& apps;
  ControlPlane& control;
  spdlog::logger& log;
  AddressLimits& addresses;
  size_t workers = 1;
};

class SessionWorker {
 public:
  // How exactly connections keep their deadlines, which are seconds away.
  static constexpr Duration kDeadlineInterval = Duration::Millis(100);

  // `index` is ControlPlane::AddWorker's.
  SessionWorker(unsigned index, const SessionContext& context, SfuWorker& sfu, Metrics& metrics);
  ~SessionWorker();
  SessionWorker(const SessionWorker&) = delete;
  SessionWorker& operator=(const SessionWorker&) = delete;

  std::unique_ptr<net::ConnectionHandler> MakeHandler(net::Connection& connection);

  // Looks at the sessions that were posted here.
  void TakeMail();
  // Deadlines and periodic reports; to be called every 20 to 50 ms.
  void Tick(Timestamp now);
  // The gateway ends: tells every client, then closes.
  void Shutdown();
  // The gateway waits no longer.
  void Abort();

  size_t connections() const { return connections_.size(); }
  // Bytes of media that wait to be sent, over all sessions.
  size_t queued_bytes() const;

  // For SessionConnection.
  unsigned index() const { return index_; }
  const SessionContext& context() const { return context_; }
  Metrics& metrics() { return metrics_; }
  // Connections that have no session yet.
  ConnectionBudget& entering() { return entering_; }
  uint64_t NextNumber() { return next_number_++; }
  void Add(SessionConnection& connection);
  void Remove(SessionConnection& connection);
  // nullptr when it has ended.
  SessionConnection* Find(uint64_t number) const;
  // Does what the state of the session asks of this worker: tells connections that it has left them
  // or ended, and brings its media to where its connection is. Not with a shard locked.
  void Process(const std::shared_ptr<Session>& session);

 private:
  // The media of one session.
  struct Media final : public MediaEndpointListener {
    Media(SessionWorker& owner, std::shared_ptr<Session> whose)
        : worker(owner), session(std::move(whose)) {}
    void OnLayerChanged(const SubscriptionRequest& subscription, ForwardedLayer layer) override {
      worker.layer_changes_.push_back(
          {session, subscription.key, subscription.info.stream_id, layer});
    }
    SessionWorker& worker;
    const std::shared_ptr<Session> session;
    std::unique_ptr<MediaEndpoint> endpoint;
  };
  // Told later: the endpoint may be in the middle of a call that has the shard locked.
  struct LayerChange {
    std::shared_ptr<Session> session;
    StreamId key;
    std::string stream_id;
    ForwardedLayer layer;
  };

  // What there is to do for some sessions: found with their shards locked and done without,
  // because media takes long to make and to take apart where there is much of it.
  struct PendingWork {
    struct Arrival {
      std::unique_ptr<Media> media;  // without its endpoint yet
      MediaState state;
    };
    struct Departure {
      std::unique_ptr<Media> media;
      std::unique_ptr<MediaState> state;  // when it is taken
    };
    struct Attachment {
      SessionConnection* connection;
      MediaEndpoint* endpoint;
      int64_t last_request;
    };
    std::vector<SessionConnection*> moved;  // former connections
    std::vector<std::pair<SessionConnection*, Session::Ending>> ended;
    std::vector<std::pair<MediaEndpoint*, StreamId>> ended_streams;
    std::vector<std::unique_ptr<Media>> dropped;
    std::vector<Departure> leaving;  // for another worker
    std::vector<Arrival> arriving;
    std::vector<Attachment> attaching;
    std::vector<SessionConnection*> woken;
  };

  void Process(std::vector<std::shared_ptr<Session>>& sessions);
  // With the shard locked.
  void Look(const std::shared_ptr<Session>& session, PendingWork& work);
  void FindAttachment(Session& session, Media& media, PendingWork& work);
  void HandOver(PendingWork& work);
  // Without.
  void Do(PendingWork& work);
  SessionConnection* ConnectionHere(const Session& session) const;
  void TellLayerChanges();

  const unsigned index_;
  const SessionContext& context_;
  SfuWorker& sfu_;
  Metrics& metrics_;
  ConnectionBudget entering_;
  std::map<uint64_t, SessionConnection*> connections_;  // by number
  uint64_t next_number_ = 1;
  std::unordered_map<const Session*, std::unique_ptr<Media>> media_;
  // Since the last Tick: a few of each subscription, for layers change at key frames.
  std::vector<LayerChange> layer_changes_;
  Timestamp last_deadlines_;
};

}  // namespace ferry::gateway

// What one client may do, and how long it is waited for: docs/configuration.md.
#pragma once

#include <cstdint>

#include "core/base/units.h"
#include "gateway/session/control_log.h"
#include "gateway/session/media_endpoint.h"

namespace ferry::gateway {

struct SessionLimits {
  // Which gateway this is, of those that serve the same applications: it stands in the ids of
  // streams and in resume tokens.
  uint32_t node = 1;
  MediaLimits media;
  ControlLog::Limits log;
  Duration join_timeout = Duration::Millis(10'000);
  // Connections that have neither joined nor resumed yet, of all workers together: each has its
  // share. Small beside the connections that there may be, so that sessions find theirs.
  size_t max_entering = 1'000;
  Duration idle_timeout = Duration::Millis(15'000);
  // How long a session outlives its connection.
  Duration resume_timeout = Duration::Millis(90'000);
  // Sessions without a connection, each with its log and its streams: as many as there may be users
  // (RoomRegistry::Limits), so that all come back when the gateway's network was away.
  size_t max_sessions_in_grace = 9'000;
  // Of one address: as many as it may have connections, for the same reason. Sessions that are left
  // one after another would take all places otherwise.
  size_t max_sessions_in_grace_per_address = 1'000;
  int64_t max_messages_per_second = 50;
  int64_t message_burst = 500;  // a user of a full room subscribes to all at once
  // Malformed or refused for rate; one is forgiven each second. More end the session.
  int64_t max_faults = 20;
  int64_t usersig_expiry_skew_s = 60;
};

}  // namespace ferry::gateway

// One user in one room: the control messages, and whose media goes in and out with them.
//
// It outlives connections. Whoever owns it makes each connection with NewHandler(), and after a
// loss the next one resumes where the last ended. Sans-I/O but for the connection it is given.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/clock.h"
#include "client/signaling/control_channel.h"
#include "net/connection.h"

namespace ferry::client {

// Where media packets come from and go to.
class MediaPort {
 public:
  virtual ~MediaPort() = default;
  // RTP or RTCP, of this call only.
  virtual void OnPacket(ByteSpan packet, Timestamp now) = 0;
  // The next packet to send, alive until the next call; empty when there is none.
  virtual ByteSpan NextPacket(Timestamp now) = 0;
};

// What the gateway gave for a publish request.
struct Published {
  int64_t request_id = 0;
  std::string stream_id;
  std::vector<uint32_t> ssrcs;  // as many as encodings, at least one
};

// How a session ended for good.
struct SessionEnd {
  enum class Cause { kLeft, kRefused, kKicked, kClosed };
  Cause cause = Cause::kClosed;
  int code = 0;  // of the error or of the connection's close
  std::string reason;
};

// Called from within the session's functions; must not destroy it.
class SessionListener {
 public:
  virtual ~SessionListener() = default;
  // Again when the gateway had forgotten the session: nothing is published or subscribed then.
  virtual void OnJoined(const std::vector<RemoteUser>& users) = 0;
  virtual void OnPublished(const Published& published) = 0;
  virtual void OnSubscribed(const std::string& stream_id, uint32_t ssrc) = 0;
  virtual void OnRequestFailed(RequestType type, const std::string& stream_id,
                               const RequestError& error) = 0;
  virtual void OnNotification(const Notification& notification) = 0;
  // A new connection may resume the session, or join again where there is none to resume.
  virtual void OnConnectionLost(const net::ConnectionEnd& end) = 0;
  virtual void OnResumed() = 0;
  virtual void OnEnded(const SessionEnd& end) = 0;
};

class Session {
 public:
  Session(JoinParams params, const Clock& clock, MediaPort& media, SessionListener& listener);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // For a connection that has just opened: joins, or resumes. One that there is already still
  // carries media, ours until the session has resumed, until the gateway closes it (make before
  // break) or a third one comes.
  std::unique_ptr<net::ConnectionHandler> NewHandler(net::Connection& connection);
  bool connected() const { return link_ != nullptr; }
  bool ended() const { return ended_; }
  bool leaving() const { return leaving_; }
  // Whether a new connection would resume rather than join.
  bool resumable() const { return control_.resumable(); }
  const std::optional<net::TransportKind>& transport() const { return transport_; }
  std::optional<Duration> round_trip() const { return control_.round_trip(); }

  // Requests; the listener learns how each ends. Publish returns what Published will name.
  Result<int64_t> Publish(const PublishParams& params);
  Result<void> UpdateStream(const std::string& stream_id, bool muted);
  Result<void> Unpublish(const std::string& stream_id);
  Result<void> Subscribe(const std::string& stream_id, const LayerPreference* preference);
  Result<void> UpdateSubscription(const std::string& stream_id, const LayerPreference& preference);
  Result<void> Unsubscribe(const std::string& stream_id);
  // The gateway closes the connection next; OnEnded follows.
  void Leave();
  // Ends at once, without a word to the gateway; nothing is told to the listener any more.
  void Abort();

  // Pings; every 100 ms or so.
  void Tick();
  // The media port has something to send.
  void Wake();

 private:
  // What a connection holds; it may outlive the session.
  class Link;

  void OnControl(std::string_view message);
  bool NextFrame(const Link& link, net::OutgoingFrame& frame);
  Link* MediaLink() const;
  void OnClosed(const net::ConnectionEnd& end);
  void OnAnswered(Answered answered);
  // The next connection begins a new session.
  void Forget();
  void AbortPrevious();
  void End(SessionEnd::Cause cause, int code, std::string reason);
  Result<void> Requested(const Result<int64_t>& id);

  const JoinParams params_;
  const Clock& clock_;
  MediaPort& media_;
  SessionListener& listener_;
  ControlChannel control_;
  Link* link_ = nullptr;
  Link* previous_ = nullptr;  // left behind by a move, until the gateway closes it
  std::optional<net::TransportKind> transport_;
  std::string writing_;  // the control message that the connection is writing
  bool join_requested_ = false;
  bool leaving_ = false;
  bool ended_ = false;
  std::optional<SessionEnd> cause_;  // told by the gateway before it closes
};

}  // namespace ferry::client

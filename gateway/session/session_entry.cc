// How a connection comes to its session: by `join` a new one, by `resume` one that is there.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "gateway/auth/usersig.h"
#include "gateway/session/session_connection.h"

namespace ferry::gateway {
namespace {

Refusal Refusing(SignalingError code, std::string message, int64_t id) {
  return {id, static_cast<int>(code), std::move(message)};
}

}  // namespace

std::expected<Permissions, Refusal> SessionConnection::Authenticate(const JoinRequest& join) const {
  if (join.user_sig.empty()) {
    return std::unexpected(
        Refusal{std::nullopt, static_cast<int>(UserSigError::kEmpty), "userSig is empty"});
  }
  const auto app = context().apps.Find(join.sdk_app_id);
  if (!app) {
    return std::unexpected(Refusal{std::nullopt, static_cast<int>(UserSigError::kUnknownApp),
                                   fmt::format("sdkAppId {} is not known here", join.sdk_app_id)});
  }
  if (app->status == ApplicationStatus::kSuspended) {
    return std::unexpected(Refusal{std::nullopt, static_cast<int>(SignalingError::kSuspended),
                                   fmt::format("sdkAppId {} is suspended", join.sdk_app_id)});
  }
  const auto verified =
      VerifyUserSig(join.user_sig, join.sdk_app_id, join.user_id, app->secret,
                    context().clock.UnixMs() / 1000, control().limits().usersig_expiry_skew_s);
  if (!verified) {
    return std::unexpected(
        Refusal{std::nullopt, static_cast<int>(verified.error().code), verified.error().message});
  }
  if (!app->permission_control) return Permissions{};
  const auto allowed = CheckPermissionTicket(
      verified->user_buffer_base64, join.sdk_app_id, join.user_id, join.room,
      context().clock.UnixMs() / 1000, control().limits().usersig_expiry_skew_s);
  if (!allowed) {
    return std::unexpected(Refusal{
        std::nullopt, static_cast<int>(SignalingError::kNoPermission),
        "join: this application asks for a permission ticket (PrivateMapKey): " + allowed.error()});
  }
  return *allowed;
}

ResumeOffer SessionConnection::Offer(std::string token) const {
  return {std::move(token), control().limits().resume_timeout.ms()};
}

void SessionConnection::Join(int64_t id, const JoinRequest& join) {
  if (session_) {
    return Refuse(
        Refusing(SignalingError::kAlreadyInRoom, "already in a room: leave it first", id));
  }
  std::expected<ControlPlane::Joined, Refusal> joined;
  const auto allowed = Authenticate(join);
  if (allowed) {
    const ControlPlane::Guard guard(control());
    joined = control().Join({join, id, *allowed, budget_, Here()}, Now());
    if (joined) session_ = joined->session;
  } else {
    joined = std::unexpected(allowed.error());
  }
  if (!joined) {
    metrics().joins_refused.Add();
    context().log.info("event=refused remote={} room={}/{} user={:?} code={}",
                       connection_.remote_address(), join.sdk_app_id, ToString(join.room),
                       join.user_id, joined.error().code);
    joined.error().id = id;
    return RefuseAndClose(joined.error(), CloseCode::kJoinRefused);
  }
  metrics().joins.Add();
  // {:?} quotes and escapes: a client's words could forge fields otherwise.
  context().log.info("session={} event=joined remote={} room={}/{} user={:?} client={:?}",
                     session_->id(), connection_.remote_address(), join.sdk_app_id,
                     ToString(join.room), join.user_id, join.client);
  // Before what is notified since.
  SendDirectly(JoinedAnswer(id, session_->id(), context().clock.UnixMs(),
                            Offer(std::move(joined->token)), connection_.transport(),
                            joined->users));
  worker_.Process(session_);
}

void SessionConnection::Resume(int64_t id, const ResumeRequest& resume) {
  if (session_) {
    return Refuse(Refusing(SignalingError::kAlreadyInRoom, "resume: already in a room", id));
  }
  std::expected<ControlPlane::Resumed, Refusal> resumed;
  {
    const ControlPlane::Guard guard(control());
    resumed = control().Resume(resume, Here(), Now());
    if (resumed) {
      session_ = resumed->session;
      resuming_ = Resuming{id, std::move(resumed->token)};
    }
  }
  if (!resumed) {
    metrics().resumes_refused.Add();
    context().log.info("event=resume-refused remote={}", connection_.remote_address());
    resumed.error().id = id;
    const bool replaced = resumed.error().code == static_cast<int>(SignalingError::kReplaced);
    return RefuseAndClose(resumed.error(),
                          replaced ? CloseCode::kReplaced : CloseCode::kCannotResume);
  }
  context().log.info("session={} event=resumed remote={}", session_->id(),
                     connection_.remote_address());
  worker_.Process(session_);
}

}  // namespace ferry::gateway

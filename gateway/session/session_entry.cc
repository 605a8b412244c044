// How a connection comes to its session: by `join` a new one, by `resume` one that is there.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "gateway/auth/usersig.h"
#include "gateway/session/session_connection.h"

namespace ferry::gateway {
namespace {

Refusal Refusing(SignalingError code, std::string message, int64_t id) {
  return {id, static_cast<int>(code), std::move(message)};
}

}  // namespace

std::expected<AppPolicy, Refusal> SessionConnection::FindApplication(
    const JoinRequest& join) const {
  auto app = context().apps.Find(join.sdk_app_id);
  if (!app) {
    return std::unexpected(Refusal{std::nullopt, static_cast<int>(UserSigError::kUnknownApp),
                                   fmt::format("sdkAppId {} is not known here", join.sdk_app_id)});
  }
  if (app->status == ApplicationStatus::kSuspended) {
    return std::unexpected(Refusal{std::nullopt, static_cast<int>(SignalingError::kSuspended),
                                   fmt::format("sdkAppId {} is suspended", join.sdk_app_id)});
  }
  return *std::move(app);
}

std::expected<Permissions, Refusal> SessionConnection::Authenticate(const JoinRequest& join) const {
  if (join.user_sig.empty()) {
    return std::unexpected(
        Refusal{std::nullopt, static_cast<int>(UserSigError::kEmpty), "userSig is empty"});
  }
  const auto app = FindApplication(join);
  if (!app) return std::unexpected(app.error());
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

void SessionConnection::Consult(const std::function<void(Directory::Answer)>& ask,
                                std::function<void(SessionConnection&, Directory::Verdict)> then) {
  // An answer at once is taken at once; a later one, from whatever thread, comes by mail, and finds
  // the connection if there still is one.
  struct Inquiry {
    const std::thread::id asker = std::this_thread::get_id();
    // Of the asker's thread alone.
    bool asking = true;
    std::optional<Directory::Verdict> verdict;
  };
  const auto inquiry = std::make_shared<Inquiry>();
  consulting_ = true;
  ask([inquiry, then, number = number_, worker = worker_.index(),
       &mail = control().mail()](Directory::Verdict verdict) {
    if (std::this_thread::get_id() == inquiry->asker && inquiry->asking) {
      inquiry->verdict = std::move(verdict);
      return;
    }
    mail.Answer(worker, [then, number, verdict](SessionWorker& on) {
      if (SessionConnection* waiting = on.Find(number)) waiting->OnVerdict(then, verdict);
    });
  });
  inquiry->asking = false;
  if (inquiry->verdict) OnVerdict(then, std::move(*inquiry->verdict));
}

void SessionConnection::OnVerdict(
    const std::function<void(SessionConnection&, Directory::Verdict)>& then,
    Directory::Verdict verdict) {
  if (!std::exchange(consulting_, false) || closing_) return;
  then(*this, std::move(verdict));
  HandleEarly();
}

void SessionConnection::Join(int64_t id, const JoinRequest& join) {
  if (session_) {
    return Refuse(
        Refusing(SignalingError::kAlreadyInRoom, "already in a room: leave it first", id));
  }
  const auto permissions = Authenticate(join);
  if (!permissions) return Enter(id, join, std::unexpected(permissions.error()));
  Consult(
      [&](Directory::Answer answer) {
        control().directory().AskToEnter({join.sdk_app_id, join.room}, join.user_id,
                                         std::move(answer));
      },
      [id, join, permissions](SessionConnection& self, const Directory::Verdict& verdict) {
        if (!verdict) return self.Enter(id, join, std::unexpected(verdict.error()));
        self.Enter(id, join, Admission{*permissions, *verdict});
      });
}

void SessionConnection::Enter(int64_t id, const JoinRequest& join,
                              std::expected<Admission, Refusal> admitted) {
  // Once more: it may have changed while the directory was waited for.
  const auto app = FindApplication(join);
  if (admitted && !app) admitted = std::unexpected(app.error());
  std::expected<ControlPlane::Joined, Refusal> joined;
  if (admitted) {
    joined = control().Join({.join = join,
                             .request_id = id,
                             .permissions = admitted->permissions,
                             .quota = app->quota,
                             .lease = std::move(admitted->lease),
                             .budget = budget_,
                             .place = Here()},
                            Now());
  } else {
    joined = std::unexpected(admitted.error());
  }
  if (!joined) {
    metrics().joins_refused.Add();
    context().log.info("event=refused remote={} room={}/{} user={:?} code={}",
                       connection_.remote_address(), join.sdk_app_id, ToString(join.room),
                       join.user_id, joined.error().code);
    joined.error().id = id;
    return RefuseAndClose(joined.error(), CloseCode::kJoinRefused);
  }
  session_ = joined->session;
  entering_.reset();
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
  Consult(
      [&](Directory::Answer answer) {
        control().directory().AskToResume(NameOf(resume.token), std::move(answer));
      },
      [id, resume](SessionConnection& self, const Directory::Verdict& verdict) {
        self.TakeUp(id, resume, verdict);
      });
}

void SessionConnection::TakeUp(int64_t id, const ResumeRequest& resume,
                               const Directory::Verdict& verdict) {
  std::expected<ControlPlane::Resumed, Refusal> resumed;
  if (verdict) {
    resumed = control().Resume(resume, Here(), Now());
  } else {
    resumed = std::unexpected(verdict.error());
  }
  if (!resumed) {
    metrics().resumes_refused.Add();
    context().log.info("event=resume-refused remote={}", connection_.remote_address());
    resumed.error().id = id;
    const bool replaced = resumed.error().code == static_cast<int>(SignalingError::kReplaced);
    return RefuseAndClose(resumed.error(),
                          replaced ? CloseCode::kReplaced : CloseCode::kCannotResume);
  }
  session_ = resumed->session;
  resuming_ = Resuming{id, std::move(resumed->token)};
  entering_.reset();
  context().log.info("session={} event=resumed remote={}", session_->id(),
                     connection_.remote_address());
  worker_.Process(session_);
}

}  // namespace ferry::gateway

#include "client/cli/usersig_source.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <nlohmann/json.hpp>

#include "client/signaling/names.h"
#include "gateway/auth/usersig.h"

extern char** environ;

namespace ferry::client {
namespace {

constexpr size_t kMaxOutput = 8192;
constexpr size_t kMaxReason = 200;

std::string UrlEncode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.') {
      out += c;
    } else {
      out += '%';
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

int64_t UnixSeconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

UserSigSource::UserSigSource(const UserSigOptions& options, const GatewayAddress& gateway,
                             const net::TlsOptions& tls)
    : options_(options), prefix_(gateway.prefix), demo_(gateway, tls) {}

Result<UserSigSource::Signed> UserSigSource::Sign(const std::string& user) {
  if (auto checked = CheckUserId(user); !checked) return std::unexpected(checked.error());
  const bool own =
      !options_.user_sig.empty() || !options_.secret.empty() || !options_.command.empty();
  if (own && options_.sdk_app_id == 0) {
    return Fail(ErrorCode::kInvalidArgument,
                "--sdk-app-id is needed with a signature of one's own");
  }
  if (!options_.user_sig.empty()) return Signed{options_.sdk_app_id, options_.user_sig};
  if (!options_.secret.empty()) {
    return Signed{options_.sdk_app_id,
                  gateway::SignUserSig(options_.sdk_app_id, options_.secret, user, UnixSeconds(),
                                       gateway::kDefaultUserSigLifetimeSeconds)};
  }
  return options_.command.empty() ? AskDemo(user) : Run(user);
}

Result<UserSigSource::Signed> UserSigSource::Run(const std::string& user) const {
  const auto failed = [&](const std::string& why) {
    return Fail(ErrorCode::kNotFound, "--usersig-command " + options_.command + ": " + why);
  };
  int ends[2];
  if (pipe(ends) != 0) return failed("no pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  posix_spawn_file_actions_addclose(&actions, ends[1]);
  // The user's name is an argument, never a part of what the shell reads.
  std::string shell = "sh", flag = "-c", script = options_.command + " \"$1\"", name = user;
  std::array<char*, 6> arguments = {shell.data(), flag.data(), script.data(),
                                    shell.data(), name.data(), nullptr};
  pid_t child = 0;
  const int error = posix_spawn(&child, "/bin/sh", &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::string output;
  std::array<char, 1024> buffer;
  ssize_t got = 0;
  while (error == 0 && output.size() < kMaxOutput &&
         (got = read(ends[0], buffer.data(), buffer.size())) > 0) {
    output.append(buffer.data(), static_cast<size_t>(got));
  }
  close(ends[0]);
  int status = 0;
  if (error == 0) waitpid(child, &status, 0);
  if (error != 0 || status != 0) return failed("it failed");
  output.erase(output.find_last_not_of(" \r\n") + 1);
  if (output.empty()) return failed("it printed nothing");
  return Signed{options_.sdk_app_id, output};
}

Result<UserSigSource::Signed> UserSigSource::AskDemo(const std::string& user) {
  const auto answer = demo_.Get(prefix_ + "/demo/usersig?userId=" + UrlEncode(user));
  if (!answer) return std::unexpected(answer.error());
  if (answer->status != 200) {
    // The first line of a text that says why; a page of somebody's else is none.
    const std::string why = answer->type.starts_with("text/plain")
                                ? ": " + answer->body.substr(0, answer->body.find('\n'))
                                : "";
    return Fail(ErrorCode::kNotFound,
                "the gateway answered /demo/usersig with HTTP " + std::to_string(answer->status) +
                    why.substr(0, kMaxReason) +
                    (answer->status == 404 ? "; a gateway without --demo signs for nobody: give "
                                             "--sdk-app-id and FERRY_SECRET"
                                           : ""));
  }
  const auto object = nlohmann::json::parse(answer->body, nullptr, false);
  if (!object.is_object() || !object.contains("sdkAppId") || !object.contains("userSig") ||
      !object["sdkAppId"].is_number_unsigned() || !object["userSig"].is_string()) {
    return Fail(ErrorCode::kMalformed, "the gateway's demo answered with no userSig");
  }
  return Signed{object["sdkAppId"].get<uint32_t>(), object["userSig"].get<std::string>()};
}

}  // namespace ferry::client

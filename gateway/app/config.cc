#include "gateway/app/config.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <functional>
#include <sstream>

#include "gateway/net/ip_address.h"
#include "gateway/net/origin_policy.h"
#include "gateway/net/path_prefix.h"
#include "gateway/net/trusted_proxies.h"
#include "gateway/session/control_plane.h"

namespace ferry::gateway {
namespace {

#ifdef FERRY_WITH_WEBTRANSPORT
constexpr char kVersion[] = "ferry-gateway " FERRY_VERSION;
#else
constexpr char kVersion[] = "ferry-gateway " FERRY_VERSION " (built without WebTransport)";
#endif

constexpr size_t kMinTokenBytes = 16;

// FERRY_MAX_CONNECTIONS for max-connections.
std::string EnvironmentName(std::string name) {
  std::ranges::transform(name, name.begin(), [](char c) {
    return c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  });
  return "FERRY_" + name;
}

// Declares options that have one name in the file, as a flag and in the environment.
class Options {
 public:
  explicit Options(CLI::App& app) : app_(app) {}

  template <typename T>
  void Value(const std::string& name, T& value, const std::string& help) {
    Declare(app_.add_option("--" + name, value, help)->capture_default_str(), name);
  }
  void Choice(const std::string& name, std::string& value, const std::vector<std::string>& choices,
              const std::string& help) {
    Declare(app_.add_option("--" + name, value, help)
                ->capture_default_str()
                ->check(CLI::IsMember(choices)),
            name);
  }
  template <typename T>
  void Number(const std::string& name, T& value, int64_t min, int64_t max,
              const std::string& help) {
    Setter(name, static_cast<int64_t>(value), min, max, help,
           [&value](int64_t number) { value = static_cast<T>(number); });
  }
  void Millis(const std::string& name, Duration& value, const std::string& help) {
    Setter(name, value.ms(), 1, kMaxMillis, help,
           [&value](int64_t ms) { value = Duration::Millis(ms); });
  }
  void Millis(const std::string& name, std::chrono::milliseconds& value, const std::string& help) {
    Setter(name, value.count(), 1, kMaxMillis, help,
           [&value](int64_t ms) { value = std::chrono::milliseconds(ms); });
  }
  void Switch(const std::string& name, bool& value, const std::string& help) {
    Declare(app_.add_flag("--" + name + ",!--no-" + name, value, help), name);
  }
  void Setter(const std::string& name, int64_t shown, int64_t min, int64_t max,
              const std::string& help, std::function<void(int64_t)> set) {
    Declare(app_.add_option_function<int64_t>("--" + name, std::move(set), help)
                ->check(CLI::Range(min, max))
                ->default_str(std::to_string(shown)),
            name);
  }

 private:
  static constexpr int64_t kMaxMillis = 86'400'000;

  void Declare(CLI::Option* option, const std::string& name) {
    option->envname(EnvironmentName(name));
  }
  CLI::App& app_;
};

void DeclareAll(Options options, Config& c) {
  options.Value("listen", c.listen, "address to listen on; :: is every address of both families");
  options.Number("port", c.port, 0, 65535, "port, TCP and UDP; 0 takes a free one");
  options.Value("data-dir", c.data_dir, "folder of the database and the self-signed certificate");
  options.Value("certificate", c.certificate, "PEM file of the certificate chain");
  options.Value("private-key", c.private_key, "PEM file of the certificate's key");
  options.Value("names", c.names, "host names and addresses for the self-signed certificate");
  options.Value("demo-dir", c.demo_dir, "folder served under /");
  options.Value("sdk-dir", c.sdk_dir, "folder served under /sdk/");
  options.Switch("demo", c.demo,
                 "sign a userSig for whoever asks /demo/usersig: for trying out only");
  options.Value("admin-listen", c.admin_listen,
                "address and port of the metrics, without TLS, for this host's own; empty: none");
  options.Value("metrics-token", c.metrics_token,
                "who shows it as a bearer token gets the metrics on the port itself, too");
  options.Choice("log-level", c.log_level, {"trace", "debug", "info", "warn", "error", "off"},
                 "how much is logged");
  options.Switch("webtransport", c.webtransport,
                 "serve WebTransport on the port's UDP side, where it is built in");
  options.Value("plain-listen", c.plain_listen,
                "ADDRESS:PORT to speak plain HTTP at, with reverse proxies that end TLS: with this "
                "machine and trusted-proxies alone");
  options.Value("trusted-proxies", c.trusted_proxies,
                "addresses and networks (10.0.0.0/8) of reverse proxies, whose X-Forwarded-For is "
                "believed");
  options.Switch("proxy-protocol", c.proxy_protocol,
                 "take the PROXY protocol's header, version 1 or 2, of trusted-proxies");
  options.Value("path-prefix", c.path_prefix,
                "path under which a reverse proxy shows the gateway, as /calls, unless it takes it "
                "off");
  options.Number("workers", c.workers, 0, static_cast<int64_t>(ControlPlane::kMaxWorkers),
                 "threads that serve; 0: as many as there are cores");
  options.Number("drain-timeout-s", c.drain_timeout_s, 0, 86'400,
                 "time for clients to move elsewhere after SIGTERM");
  options.Number("shutdown-timeout-ms", c.shutdown_timeout_ms, 0, 600'000,
                 "time for clients to close afterwards");

  options.Number("max-connections", c.listener.max_connections, 1, 1'000'000,
                 "connections of clients, of all kinds");
  options.Number("max-half-open", c.listener.max_half_open, 1, 1'000'000,
                 "connections that are opening; the oldest gives way to a new one");
  options.Number("max-http-connections", c.listener.max_http_connections, 1, 1'000'000,
                 "connections for pages and files; the idlest gives way to a new one");
  options.Millis("handshake-timeout-ms", c.listener.handshake_timeout,
                 "time for the TLS handshake");
  options.Millis("http-idle-timeout-ms", c.listener.http_idle_timeout,
                 "time for a request to come and for its answer to be read");
  options.Number("max-connections-per-address", c.listener.max_connections_per_address, 1,
                 1'000'000, "connections of one address (of one /64 of IPv6)");
  options.Number("max-half-open-per-address", c.listener.max_half_open_per_address, 1, 1'000'000,
                 "handshakes of one address that are under way");
  options.Number("max-handshakes-per-second", c.listener.handshakes_per_second, 1, 1'000'000,
                 "new connections of one address");
  options.Number("handshake-burst", c.listener.handshake_burst, 1, 1'000'000,
                 "new connections that one address may save up");
  options.Number("max-messages-per-second-per-address", c.listener.messages_per_second_per_address,
                 1, 1'000'000'000, "control messages of one address, all its clients together");
  options.Number("message-burst-per-address", c.listener.message_burst_per_address, 64,
                 1'000'000'000, "control messages that one address may save up");
  options.Number("max-requests-per-second-per-address", c.listener.requests_per_second_per_address,
                 1, 1'000'000, "requests for pages and files of one address");
  options.Number("request-burst-per-address", c.listener.request_burst_per_address, 1,
                 1'000'000'000, "requests that one address may save up");
  options.Value("allowed-origins", c.allowed_origins,
                "web pages that may connect, as https://example.com or https://*.example.com; "
                "none: all");

  options.Number("max-users", c.rooms.max_users, 1, 1'000'000, "users of all rooms together");
  options.Number("max-rooms", c.rooms.max_rooms, 1, 1'000'000, "rooms with somebody in them");
  options.Number("max-rtc-users", c.rooms.room.max_rtc_users, 1, 100'000,
                 "users of a room, scene rtc");
  options.Number("max-live-users", c.rooms.room.max_live_users, 1, 1'000'000,
                 "users of a room, scene live");
  options.Number("max-publishers", c.rooms.room.max_publishers, 1, 10'000,
                 "users of a room who publish at the same time");

  SessionLimits& s = c.sessions;
  options.Millis("join-timeout-ms", s.join_timeout, "time to join after connecting");
  options.Number("max-entering", s.max_entering, 1, 1'000'000,
                 "clients that have neither joined nor resumed; the oldest gives way to a new one");
  options.Millis("idle-timeout-ms", s.idle_timeout, "silence after which a client is gone");
  options.Number("node", s.node, 1, UINT32_MAX,
                 "number of this gateway among those that serve the same applications");
  options.Setter("resume-timeout-s", s.resume_timeout.ms() / 1000, 1, 86'400,
                 "how long a session outlives its connection",
                 [&s](int64_t seconds) { s.resume_timeout = Duration::Seconds(seconds); });
  options.Number("max-sessions-in-grace", s.max_sessions_in_grace, 0, 1'000'000,
                 "sessions without a connection that wait to be resumed");
  options.Number("max-sessions-in-grace-per-address", s.max_sessions_in_grace_per_address, 0,
                 1'000'000, "the same, of one address (of one /64 of IPv6)");
  options.Number("max-messages-per-second", s.max_messages_per_second, 1, 100'000,
                 "control messages of one client");
  options.Number("message-burst", s.message_burst, 1, 100'000,
                 "control messages a client may save up");
  options.Number("max-faults", s.max_faults, 1, 10'000,
                 "malformed or out-of-place messages before a client is cut off; one a second is "
                 "forgiven");
  options.Number("usersig-expiry-skew-s", s.usersig_expiry_skew_s, 0, 3600,
                 "how long after its expiry a userSig still serves");
  options.Number("max-subscriptions", s.media.max_subscriptions, 1, 10'000,
                 "streams one user may receive");
  options.Setter("max-publish-kbps", s.media.max_publish_rate.kbps(), 10, 10'000'000,
                 "bitrate of one publisher, all streams together; what is more is dropped",
                 [&s](int64_t kbps) { s.media.max_publish_rate = DataRate::KilobitsPerSec(kbps); });
  options.Number("max-publish-packets-per-second", s.media.max_publish_packets_per_second, 10,
                 10'000'000, "packets of one publisher");
  options.Number("loudest-speakers", c.sfu.loudest_speakers, 0, 1000,
                 "speakers of a room who are heard at a time; 0: all");
  SendQueue::Limits& q = s.media.queue;
  options.Number("queue-media-bytes", q.max_media_bytes, 10'000, 1'000'000'000,
                 "media waiting for one subscriber");
  options.Number("queue-control-bytes", s.log.max_bytes, 65'536, 1'000'000'000,
                 "control messages that a client has not acknowledged; more end its session");
  options.Number("queue-control-messages", s.log.max_messages, 64, 1'000'000,
                 "the same, in messages");
  options.Millis("queue-video-age-ms", q.max_video_age,
                 "age at which waiting video is dropped up to the next key frame");
  options.Millis("queue-audio-age-ms", q.max_audio_age, "age at which waiting audio is dropped");
  options.Millis("slow-reader-timeout-ms", q.stall,
                 "time without reading anything after which a client is cut off");
}

// What the settings' own types do not say. Throws.
void Check(const Config& c) {
  if (c.certificate.empty() != c.private_key.empty()) {
    throw CLI::ValidationError("certificate and private-key belong together: one is missing");
  }
  if (const size_t size = c.metrics_token.size(); size > 0 && size < kMinTokenBytes) {
    throw CLI::ValidationError("metrics-token has " + std::to_string(size) +
                               " bytes: one that is not guessed has 16 and more");
  }
  const auto check = [](const char* name, const auto& parsed) {
    if (!parsed) throw CLI::ValidationError(std::string(name) + ": " + parsed.error().message);
  };
  check("allowed-origins", OriginPolicy::Parse(c.allowed_origins));
  check("trusted-proxies", TrustedProxies::Parse(c.trusted_proxies));
  check("path-prefix", PathPrefix::Parse(c.path_prefix));
  if (!c.plain_listen.empty()) {
    const auto plain = ParseListenAddress(c.plain_listen);
    check("plain-listen", plain);
    if (plain->port != 0 && plain->port == c.port) {
      throw CLI::ValidationError("plain-listen: port " + std::to_string(c.port) +
                                 " is that of TLS already");
    }
  }
  if (!c.admin_listen.empty()) check("admin-listen", ParseListenAddress(c.admin_listen));
  if (c.proxy_protocol && c.trusted_proxies.empty()) {
    throw CLI::ValidationError(
        "proxy-protocol: its headers are taken of trusted-proxies alone, and there are none");
  }
}

// The file's values, for options that neither a flag nor the environment has set.
void ApplyFile(CLI::App& app, const std::string& path) {
  for (const auto& item : app.get_config_formatter()->from_file(path)) {
    if (item.name == "++" || item.name == "--") continue;  // begin and end of a section
    CLI::Option* option =
        item.parents.empty() ? app.get_option_no_throw("--" + item.name) : nullptr;
    if (option == nullptr || item.name == "config" || item.name == "help") {
      throw CLI::ConfigError(path + ": there is no setting \"" + item.fullname() + "\"");
    }
    if (option->count() > 0) continue;
    for (const auto& input : item.inputs) option->add_result(input);
    option->run_callback();
  }
}

}  // namespace

Result<ListenAddress> ParseListenAddress(const std::string& text) {
  const size_t colon = text.rfind(':');
  ListenAddress listen{.address = text.substr(0, colon), .port = 0};
  const bool bracketed = listen.address.starts_with('[') && listen.address.ends_with(']');
  if (bracketed) listen.address = listen.address.substr(1, listen.address.size() - 2);
  const auto ip = IpAddress::Parse(listen.address);
  const std::string port = colon == text.npos ? "" : text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), listen.port);
  const bool is_port = error == std::errc{} && end == port.data() + port.size();
  if (!ip || bracketed != listen.address.contains(':') || !is_port) {
    return Fail(ErrorCode::kInvalidArgument,
                "\"" + text + "\" is no address with a port: write 127.0.0.1:8080 or [::1]:8080");
  }
  return listen;
}

std::expected<CommandLine, CommandLineExit> ParseCommandLine(int argc, const char* const* argv) {
  CommandLine out;
  CLI::App app("Ferry gateway: real-time audio and video for the web", "ferry-gateway");
  app.set_version_flag("--version", kVersion);
  std::string file;
  app.add_option("--config", file, "configuration file (TOML)")->envname("FERRY_CONFIG");
  DeclareAll(Options(app), out.config);
  app.require_subcommand(0, 1);
  CLI::App* serve = app.add_subcommand("serve", "run the gateway (the default)")->fallthrough();
  CLI::App* usersig = app.add_subcommand("usersig", "print a userSig for one user")->fallthrough();
  usersig->add_option("--user", out.usersig.user, "userId it is for")->required();
  usersig->add_option("--app", out.usersig.sdk_app_id, "sdkAppId; default: the first application");
  usersig->add_option("--expire", out.usersig.lifetime_s, "seconds it is valid")
      ->capture_default_str()
      ->check(CLI::Range(int64_t{1}, int64_t{10} * 365 * 86400));
  const CLI::App* check =
      app.add_subcommand("check", "say whether the configuration is good, and do nothing else")
          ->fallthrough();
  static_cast<void>(serve);
  CLI::App* app_command = DeclareAppCommand(app, out.app);
  try {
    app.parse(argc, argv);
    if (!file.empty()) ApplyFile(app, file);
    Check(out.config);
  } catch (const CLI::ParseError& error) {
    std::ostringstream text;
    std::ostringstream errors;
    const int status = app.exit(error, text, errors);
    return std::unexpected(CommandLineExit{status, text.str() + errors.str()});
  }
  if (usersig->parsed()) out.command = Command::kUserSig;
  if (check->parsed()) out.command = Command::kCheck;
  if (app_command->parsed()) out.command = Command::kApp;
  return out;
}

}  // namespace ferry::gateway

#include "gateway/app/http_service.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/base/base64.h"
#include "gateway/app/prometheus_text.h"
#include "gateway/auth/usersig.h"
#include "gateway/net/listener.h"

namespace ferry::gateway {
namespace {

namespace http = boost::beast::http;

constexpr int64_t kDemoUserSigSeconds = 86400;
// What a client must know to open WebTransport (docs/protocol.md §1).
constexpr std::string_view kWebTransportFactsPath = "/rtc/v1/webtransport";

void AddSecurityHeaders(http::fields& headers) {
  headers.set(http::field::server, "ferry-gateway");
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Referrer-Policy", "no-referrer");
  headers.set("Permissions-Policy",
              "camera=(self), microphone=(self), display-capture=(self), autoplay=(self)");
  // WebAssembly needs 'wasm-unsafe-eval'; 'unsafe-eval' is not needed by anything of ours. A page
  // of ours may talk to a gateway elsewhere.
  headers.set("Content-Security-Policy",
              "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; "
              "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
              "media-src 'self' blob: mediastream:; connect-src 'self' https: wss:; "
              "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'");
}

}  // namespace

HttpService::HttpService(Sources sources)
    : sources_(std::move(sources)),
      demo_files_(sources_.config.demo_dir, file_metrics_),
      sdk_files_(sources_.config.sdk_dir, file_metrics_) {
  sources_.metrics.push_back(&file_metrics_);
}

bool HttpService::draining() const { return sources_.control.draining(); }

HttpResponse HttpService::Answer(const HttpRequest& request) {
  const std::string path = TargetPath({request.target().data(), request.target().size()});
  HttpResponse response;
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    response = TextResponse(405, "text/plain", "only GET and HEAD are answered here\n");
    response.headers.set(http::field::allow, "GET, HEAD");
  } else if (path == "/healthz") {
    response = TextResponse(200, "text/plain", "ok\n");
  } else if (path == "/readyz") {
    response = draining() ? TextResponse(503, "text/plain", "shutting down\n")
                          : TextResponse(200, "text/plain", "ready\n");
  } else if (path == "/metrics") {
    response = TextResponse(200, "text/plain; version=0.0.4; charset=utf-8",
                            PrometheusText(sources_.metrics, sources_.addresses));
  } else if (path == "/demo/usersig" && sources_.config.demo) {
    response = DemoUserSig(request);
  } else if (path == kWebTransportFactsPath) {
    response = WebTransportFacts();
  } else {
    response = ServeFile(request, path);
  }
  AddSecurityHeaders(response.headers);
  return response;
}

HttpResponse HttpService::ServeFile(const HttpRequest& request, const std::string& path) {
  constexpr std::string_view kSdk = "/sdk/";
  std::optional<HttpResponse> response;
  const std::lock_guard lock(files_mutex_);
  if (path.starts_with(kSdk)) {
    response = sdk_files_.Get(std::string_view(path).substr(kSdk.size() - 1), request);
    // Pages of other origins may read the SDK's files. Run from here it only does in pages of this
    // origin: browsers start workers from the page's own alone.
    if (response) {
      response->headers.set(http::field::access_control_allow_origin, "*");
      response->headers.set("Cross-Origin-Resource-Policy", "cross-origin");
    }
  }
  if (!response) response = demo_files_.Get(path, request);
  return response ? std::move(*response) : TextResponse(404, "text/plain", "not found\n");
}

HttpResponse HttpService::WebTransportFacts() const {
  HttpResponse response;
  if (sources_.webtransport_certificates == nullptr) {
    response = TextResponse(404, "text/plain", "there is no WebTransport here\n");
  } else {
    auto hashes = nlohmann::json::array();
    for (const net::CertificateHash& hash : sources_.webtransport_certificates->hashes()) {
      hashes.push_back(
          {{"algorithm", "sha-256"},
           {"value", Base64Encode({reinterpret_cast<const char*>(hash.data()), hash.size()})}});
    }
    const nlohmann::json facts = {{"path", kWebSocketPath}, {"certificateHashes", hashes}};
    response = TextResponse(200, "application/json", facts.dump());
  }
  // Pages of any origin may ask: whether they may connect is another question.
  response.headers.set(http::field::access_control_allow_origin, "*");
  response.headers.set(http::field::cache_control, "no-store");
  return response;
}

HttpResponse HttpService::DemoUserSig(const HttpRequest& request) const {
  const std::string user =
      QueryParameter({request.target().data(), request.target().size()}, "userId");
  const bool clean = std::ranges::none_of(
      user, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (user.empty() || user.size() > kMaxUserIdBytes || !clean) {
    return TextResponse(400, "text/plain", "userId must have 1 to 128 printable bytes\n");
  }
  // Never for another application: whoever asks is let in.
  const auto demo = sources_.apps.applications().find(AppStore::kDemoSdkAppId);
  if (demo == sources_.apps.applications().end()) {
    return TextResponse(503, "text/plain", "there is no demo application\n");
  }
  const Application& app = demo->second;
  const nlohmann::json answer = {
      {"sdkAppId", app.sdk_app_id},
      {"userSig", SignUserSig(app.sdk_app_id, app.secret, user, sources_.clock.UnixMs() / 1000,
                              kDemoUserSigSeconds)}};
  return TextResponse(200, "application/json", answer.dump());
}

}  // namespace ferry::gateway

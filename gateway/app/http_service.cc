#include "gateway/app/http_service.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/base/base64.h"
#include "gateway/app/prometheus_text.h"
#include "gateway/auth/usersig.h"
#include "net/websocket/handshake.h"

namespace ferry::gateway {
namespace {

namespace http = boost::beast::http;
using net::kWebSocketPath;

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

void HttpService::Secured::Handle(HttpRequest request, HttpContext context, HttpDone done) {
  HttpDone secured([answer = std::move(done)](HttpResponse response) {
    AddSecurityHeaders(response.headers);
    answer(std::move(response));
  });
  routes.Handle(std::move(request), std::move(context), std::move(secured));
}

HttpService::HttpService(Sources sources)
    : sources_(std::move(sources)),
      demo_files_(sources_.config.demo_dir),
      sdk_files_(sources_.config.sdk_dir) {
  sources_.metrics.push_back(&demo_files_.metrics());
  sources_.metrics.push_back(&sdk_files_.metrics());
  const auto metrics = [this](const HttpRequest&, const HttpContext&) { return MetricsText(); };
  AddHealth(admin_.routes);
  admin_.routes.Add("GET", "/metrics", metrics);

  Router& routes = public_.routes;
  AddHealth(routes);
  if (sources_.config.metrics_token.empty()) {
    routes.Add("GET", "/metrics", [](const HttpRequest&, const HttpContext&) {
      return TextResponse(404, "text/plain",
                          "metrics are not for everybody: see admin-listen and metrics-token\n");
    });
  } else {
    routes.Add("GET", "/metrics", metrics,
               {.authenticate = BearerToken(sources_.config.metrics_token, "metrics")});
  }
  if (sources_.config.demo) {
    routes.Add("GET", "/demo/usersig", [this](const HttpRequest& request, const HttpContext&) {
      return DemoUserSig(request);
    });
  }
  routes.Add("GET", kWebTransportFactsPath,
             [this](const HttpRequest&, const HttpContext&) { return WebTransportFacts(); });
  routes.Add("GET", "/sdk/{path...}", [this](const HttpRequest& request, const HttpContext&) {
    return ServeFile(request, /*of_sdk=*/true);
  });
  routes.Add("GET", "/{path...}", [this](const HttpRequest& request, const HttpContext&) {
    return ServeFile(request, /*of_sdk=*/false);
  });
}

void HttpService::AddHealth(Router& routes) {
  routes.Add("GET", "/healthz", [](const HttpRequest&, const HttpContext&) {
    return TextResponse(200, "text/plain", "ok\n");
  });
  routes.Add("GET", "/readyz", [this](const HttpRequest&, const HttpContext&) {
    return sources_.draining ? TextResponse(503, "text/plain", "shutting down\n")
                             : TextResponse(200, "text/plain", "ready\n");
  });
}

std::vector<std::string> HttpService::MissingFolders() const {
  std::vector<std::string> missing;
  if (!demo_files_.exists()) missing.push_back(sources_.config.demo_dir);
  if (!sdk_files_.exists()) missing.push_back(sources_.config.sdk_dir);
  std::erase(missing, "");  // not wanted
  return missing;
}

HttpResponse HttpService::MetricsText() const {
  return TextResponse(200, "text/plain; version=0.0.4; charset=utf-8",
                      PrometheusText(sources_.metrics, sources_.addresses));
}

HttpResponse HttpService::ServeFile(const HttpRequest& request, bool of_sdk) {
  constexpr std::string_view kSdk = "/sdk";
  const std::string path = TargetPath({request.target().data(), request.target().size()});
  std::optional<HttpResponse> response;
  if (of_sdk) {
    response = sdk_files_.Get(std::string_view(path).substr(kSdk.size()), request);
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
  const auto demo = sources_.apps.Find(AppStore::kDemoSdkAppId);
  if (!demo) return TextResponse(503, "text/plain", "there is no demo application\n");
  const nlohmann::json answer = {
      {"sdkAppId", AppStore::kDemoSdkAppId},
      {"userSig", SignUserSig(AppStore::kDemoSdkAppId, demo->secret, user,
                              sources_.clock.UnixMs() / 1000, kDemoUserSigSeconds)}};
  return TextResponse(200, "application/json", answer.dump());
}

}  // namespace ferry::gateway

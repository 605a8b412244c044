// What the gateway answers besides calls: files, health, metrics, the demo's signatures. Two sets
// of routes: for everybody, on the port that clients use, and for this host's own, on
// `admin-listen`.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "gateway/app/app_store.h"
#include "gateway/app/config.h"
#include "gateway/base/clock.h"
#include "gateway/base/metrics.h"
#include "gateway/http/router.h"
#include "gateway/http/static_files.h"
#include "gateway/net/address_limits.h"
#include "gateway/net/certificate_store.h"
#include "gateway/net/http.h"

namespace ferry::gateway {

class HttpService {
 public:
  struct Sources {
    const Config& config;
    const AppStore& apps;
    const Clock& clock;
    const std::atomic<bool>& draining;
    const AddressLimits& addresses;
    const CertificateStore* webtransport_certificates;  // null: there is no WebTransport
    std::vector<const Metrics*> metrics;                // of the workers and the control plane
  };
  explicit HttpService(Sources sources);

  // Before requests come: counts of theirs, too.
  void AddMetrics(const Metrics& metrics) { sources_.metrics.push_back(&metrics); }
  HttpHandler& everybody() { return public_; }
  HttpHandler& admin() { return admin_; }
  // Folders that are to be served and are not there.
  std::vector<std::string> MissingFolders() const;

 private:
  // Adds the headers that browsers want to every answer.
  class Secured final : public HttpHandler {
   public:
    size_t MaxBody(const HttpRequestHeader& header) const override {
      return routes.MaxBody(header);
    }
    void Handle(HttpRequest request, HttpContext context, HttpDone done) override;
    Router routes;
  };

  void AddHealth(Router& routes);
  HttpResponse MetricsText() const;
  HttpResponse WebTransportFacts() const;
  HttpResponse DemoUserSig(const HttpRequest& request) const;
  HttpResponse ServeFile(const HttpRequest& request, bool of_sdk);

  Sources sources_;
  StaticFiles demo_files_;
  StaticFiles sdk_files_;
  Secured public_;
  Secured admin_;
};

}  // namespace ferry::gateway

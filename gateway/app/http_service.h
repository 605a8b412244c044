// What the port answers besides calls: files, health, metrics, the demo's signatures.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "gateway/app/app_store.h"
#include "gateway/app/config.h"
#include "gateway/base/clock.h"
#include "gateway/base/metrics.h"
#include "gateway/net/address_limits.h"
#include "gateway/net/certificate_store.h"
#include "gateway/net/http.h"
#include "gateway/net/static_files.h"
#include "gateway/session/control_plane.h"

namespace ferry::gateway {

class HttpService {
 public:
  struct Sources {
    const Config& config;
    const AppStore& apps;
    const Clock& clock;
    ControlPlane& control;
    const AddressLimits& addresses;
    const CertificateStore* webtransport_certificates;  // null: there is no WebTransport
    std::vector<const Metrics*> metrics;                // of all workers, and the control plane's
  };
  explicit HttpService(Sources sources);

  // From any thread.
  HttpResponse Answer(const HttpRequest& request);

 private:
  bool draining() const;
  HttpResponse WebTransportFacts() const;
  HttpResponse DemoUserSig(const HttpRequest& request) const;
  HttpResponse ServeFile(const HttpRequest& request, const std::string& path);

  Sources sources_;
  std::mutex files_mutex_;
  Metrics file_metrics_;  // written under the mutex alone
  StaticFiles demo_files_;
  StaticFiles sdk_files_;
};

}  // namespace ferry::gateway

// A certificate of one's own, for tests over TLS.
#pragma once

#include <string>

#include "net/tls_options.h"

namespace ferry::net::testing {

struct TestCertificate {
  std::string certificate;  // PEM; for localhost and 127.0.0.1
  std::string private_key;  // PEM
  CertificateHash hash{};
};

// P-256, self-signed, valid for a day.
TestCertificate MakeTestCertificate();

}  // namespace ferry::net::testing

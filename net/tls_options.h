// How a client knows that a gateway is the one it means.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace ferry::net {

using CertificateHash = std::array<uint8_t, 32>;  // SHA-256 of the DER form

// The strongest that is set counts: pins, then authorities, then the system's authorities.
struct TlsOptions {
  // When any is given, the gateway's certificate must be one of these, whoever signed it.
  std::vector<CertificateHash> pinned;
  // PEM file of authorities; empty: the system's.
  std::string ca_file;
  // Takes every certificate: for trying out only.
  bool insecure = false;
};

}  // namespace ferry::net

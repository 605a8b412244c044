// The self-signed certificate the gateway makes for itself when it is given none.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/error.h"

namespace ferry::gateway {

struct CertificateFiles {
  std::filesystem::path certificate;  // PEM
  std::filesystem::path private_key;  // PEM, readable by the owner alone
};

// The pair in `directory`, made anew (P-256, one year) when it is missing, unreadable or expires
// within 30 days. `names` are host names or addresses it is for, besides localhost.
Result<CertificateFiles> EnsureSelfSignedCertificate(const std::filesystem::path& directory,
                                                     const std::vector<std::string>& names);

// SHA-256 of the certificate's DER form in lower-case hex, as browsers show it.
Result<std::string> CertificateFingerprint(const std::filesystem::path& certificate);

}  // namespace ferry::gateway

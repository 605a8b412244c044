// How the gateway speaks TLS: 1.2 and 1.3, AEAD ciphers with forward secrecy.
#pragma once

#include <memory>

#include "core/base/error.h"
#include "gateway/net/asio.h"
#include "gateway/net/certificate.h"

namespace ferry::gateway {

Result<std::shared_ptr<boost::asio::ssl::context>> MakeTlsContext(const PemPair& pair);

}  // namespace ferry::gateway

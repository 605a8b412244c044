// How the gateway speaks TLS: 1.2 and 1.3, AEAD ciphers with forward secrecy.
#pragma once

#include <filesystem>
#include <memory>

#include "core/base/error.h"
#include "gateway/net/asio.h"

namespace ferry::gateway {

Result<std::shared_ptr<boost::asio::ssl::context>> MakeTlsContext(
    const std::filesystem::path& certificate_chain, const std::filesystem::path& private_key);

}  // namespace ferry::gateway

// The secret of QUIC's tokens, kept from one start of the gateway to the next.
#pragma once

#include <filesystem>

#include "core/base/error.h"
#include "net/quic/quic_config.h"

namespace ferry::gateway {

// That of the file `quic-secret` in the folder, which is made when there is none. Kept, because a
// client of a gateway that crashed or was restarted knows the stateless reset (RFC 9000 §10.3) of
// the next one only by a token of the same secret; else it waits for its idle time-out. What else
// hangs on it gains too: the address tokens of clients that come back still spare them a Retry.
// A file that cannot be read, or is not of a secret's size, is an error and stays as it is.
Result<net::QuicSecret> LoadOrMakeQuicSecret(const std::filesystem::path& folder);

}  // namespace ferry::gateway

// The limits per address (AddressLimits) for a transport that cannot answer with a status of HTTP
// once its handshake is done: WebTransport, whose handshake is a matter of QUIC.
#pragma once

#include "gateway/net/address_limits.h"
#include "net/connection.h"

namespace ferry::gateway {

// Handlers made by `make`, each counted as a connection of its remote address while it lives. Where
// a limit is reached none is made: the client is closed with 1013, to come back later, for error
// 20006 or 20017. `limits` outlives the handlers.
net::HandlerFactory CountedByAddress(AddressLimits& limits, net::HandlerFactory make);

}  // namespace ferry::gateway

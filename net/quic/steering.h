// Which worker gets a packet. Every worker has its own UDP socket on the one address and port
// (SO_REUSEPORT). Of a connection that is open the kernel is told to choose by the first byte of
// the destination connection id, in which a worker writes its own index, so that packets find their
// worker also after the client has moved to another address (RFC 9000 §9). Until a handshake is
// done there is no moving, and some ids are the client's choice: then, which the long header tells,
// the kernel chooses by its keyed hash of both addresses, so that nobody can heap handshakes on one
// worker by the ids he makes up.
#pragma once

#include <cstdint>

#include "core/base/bytes.h"
#include "core/base/error.h"

namespace ferry::net {

// Of the connection ids we choose. Short headers do not tell the length, so it is one for all.
inline constexpr size_t kConnectionIdBytes = 18;

// This worker among those that share the port.
struct WorkerSlot {
  uint8_t index = 0;
  uint8_t count = 1;
};

// Fills a connection id: the worker's index, then random bytes that tell an observer nothing.
void FillConnectionId(MutableByteSpan id, WorkerSlot worker);

// Attaches the filter to the group of sockets that `socket` belongs to; once is enough. The n-th
// socket bound is worker n's: bind them in order.
Result<void> AttachSteering(int socket, uint8_t workers);

}  // namespace ferry::net

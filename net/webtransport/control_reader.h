// Control messages on a stream (docs/protocol.md §1): each is its length, a QUIC variable-length
// integer, then that many bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "net/connection.h"
#include "net/h3/varint.h"

namespace ferry::net {

class ControlReader {
 public:
  // Takes from the front of `data` up to the end of the next message; nullopt when that is used up
  // before. The message lives until the next call, and no longer than `data`. After a length over
  // kMaxControlBytes there are no more messages: failed().
  std::optional<std::string_view> Next(ByteSpan& data);
  bool failed() const { return failed_; }

 private:
  VarintReader length_;
  std::optional<size_t> expected_;  // the message's, once its length is read
  std::vector<uint8_t> message_;    // of one that comes in pieces
  bool failed_ = false;
};

// The message as it goes on the stream; at most kMaxControlBytes.
void AppendControl(std::vector<uint8_t>& out, ByteSpan message);

}  // namespace ferry::net

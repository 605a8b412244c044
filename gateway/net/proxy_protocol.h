// The PROXY protocol, versions 1 and 2: what a proxy writes before anything else on a connection,
// to say whose it is. Sans-I/O. https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "gateway/net/ip_address.h"

namespace ferry::gateway {

class ProxyHeaderParser {
 public:
  // §2.1: the longest line of version 1, its end included.
  static constexpr size_t kMaxV1Bytes = 107;
  // §2.2: signature, version and command, family, length.
  static constexpr size_t kV2HeadBytes = 16;
  // Addresses and what else version 2 carries (TLVs, which are skipped). Senders stay below 536
  // bytes where they can; with certificates of clients in TLVs it is more.
  static constexpr size_t kMaxV2BodyBytes = 4096;

  enum class State {
    kMore,       // the header is not complete
    kDone,       // what follows is the connection's own
    kAbsent,     // there is no header: what was taken is the connection's own already
    kMalformed,  // to be closed
  };

  // Whether these bytes, of those a connection begins with, can only be a header: neither TLS nor
  // HTTP begins so.
  static bool IsHeader(ByteSpan begin);

  // Takes of `bytes` what belongs to the header, and says how many that were. While the state is
  // kMore.
  size_t Take(ByteSpan bytes);
  State state() const { return state_; }

  // kDone: whose the connection is; nullopt where it is the proxy's own (LOCAL), or it does not
  // know.
  const std::optional<IpAddress>& source() const { return source_; }
  // kAbsent: what was taken, no more than a signature.
  ByteSpan taken() const { return ByteSpan(held_).first(held_size_); }
  // kMalformed: in words.
  std::string_view fault() const { return fault_; }

 private:
  size_t TakeSignature(ByteSpan bytes);
  size_t TakeLine(ByteSpan bytes);
  size_t TakeHead(ByteSpan bytes);
  size_t TakeBody(ByteSpan bytes);
  // One byte more of what is kept.
  void Hold(uint8_t byte) { held_[held_size_++] = byte; }
  void ParseLine();
  void ParseHead();
  void ParseAddresses();
  void Refuse(std::string_view why);

  State state_ = State::kMore;
  enum class Part { kSignature, kLine, kHead, kBody } part_ = Part::kSignature;
  // The line of version 1; the head of version 2, then of its body what holds addresses.
  std::array<uint8_t, kMaxV1Bytes> held_{};
  size_t held_size_ = 0;
  size_t address_bytes_ = 0;  // of the body, to be kept; 0: they say nothing of use
  size_t body_left_ = 0;
  std::optional<IpAddress> source_;
  std::string_view fault_;
};

}  // namespace ferry::gateway

// Header compression (RFC 9204) without the dynamic table, which both sides' SETTINGS must allow
// and ours do not: every block stands for itself, and the two QPACK streams have nothing to say.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "net/h3/h3_error.h"

namespace ferry::net {

struct HeaderField {
  std::string name;
  std::string value;
};

// Reads a header block. Errors: kQpackDecompressionFailed, which closes the connection, and
// kExcessiveLoad for more than kMaxHeaderBytes of fields as RFC 9114 §4.2.2 counts them.
std::expected<std::vector<HeaderField>, H3Error> DecodeHeaders(ByteSpan block);

// Writes a header block of entries of the static table (RFC 9204 appendix A) and literals.
class HeaderEncoder {
 public:
  HeaderEncoder();
  void Indexed(uint8_t static_index);
  void NameOf(uint8_t static_index, std::string_view value);  // the entry's name, another value
  void Literal(std::string_view name, std::string_view value);
  const std::vector<uint8_t>& block() const { return block_; }

 private:
  void Integer(uint8_t flags, int prefix_bits, size_t value);
  void Text(std::string_view text);

  std::vector<uint8_t> block_;
};

// Whether this is all that a peer may send on its QPACK encoder stream: that its table is empty.
bool ValidEncoderStream(ByteSpan bytes);

// What a peer may send on its QPACK decoder stream: that it gave a stream up, never that it has
// taken an entry or used one.
class QpackDecoderStreamReader {
 public:
  bool Read(ByteSpan bytes);

 private:
  size_t integer_bytes_ = 0;  // of the stream id that is being read; 0: between instructions
};

}  // namespace ferry::net

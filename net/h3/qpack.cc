#include "net/h3/qpack.h"

#include <nghttp3/nghttp3.h>

#include <memory>

#include "net/h3/settings.h"

namespace ferry::net {
namespace {

using Decoder = std::unique_ptr<nghttp3_qpack_decoder, decltype(&nghttp3_qpack_decoder_del)>;
using Context =
    std::unique_ptr<nghttp3_qpack_stream_context, decltype(&nghttp3_qpack_stream_context_del)>;

// What every field counts for besides its bytes (RFC 9114 §4.2.2).
constexpr size_t kFieldOverhead = 32;

Decoder MakeDecoder() {
  nghttp3_qpack_decoder* decoder = nullptr;
  nghttp3_qpack_decoder_new(&decoder, 0, 0, nghttp3_mem_default());
  return {decoder, nghttp3_qpack_decoder_del};
}

Context MakeContext() {
  nghttp3_qpack_stream_context* context = nullptr;
  // The stream id only matters with a dynamic table.
  nghttp3_qpack_stream_context_new(&context, 0, nghttp3_mem_default());
  return {context, nghttp3_qpack_stream_context_del};
}

std::string TakeText(nghttp3_rcbuf* buffer) {
  const nghttp3_vec bytes = nghttp3_rcbuf_get_buf(buffer);
  std::string text(reinterpret_cast<const char*>(bytes.base), bytes.len);
  nghttp3_rcbuf_decref(buffer);
  return text;
}

}  // namespace

std::expected<std::vector<HeaderField>, H3Error> DecodeHeaders(ByteSpan block) {
  const auto failed = std::unexpected(H3Error::kQpackDecompressionFailed);
  const Decoder decoder = MakeDecoder();
  const Context context = MakeContext();
  if (!decoder || !context) return std::unexpected(H3Error::kInternalError);

  std::vector<HeaderField> fields;
  size_t size = 0;
  for (;;) {
    nghttp3_qpack_nv field{};
    uint8_t flags = 0;
    const nghttp3_ssize taken = nghttp3_qpack_decoder_read_request(
        decoder.get(), context.get(), &field, &flags, block.data(), block.size(), 1);
    if (taken < 0 || (flags & NGHTTP3_QPACK_DECODE_FLAG_BLOCKED) != 0) return failed;
    block = block.subspan(static_cast<size_t>(taken));
    if ((flags & NGHTTP3_QPACK_DECODE_FLAG_EMIT) != 0) {
      HeaderField& out = fields.emplace_back();
      out.name = TakeText(field.name);
      out.value = TakeText(field.value);
      size += out.name.size() + out.value.size() + kFieldOverhead;
      if (size > kMaxHeaderBytes) return std::unexpected(H3Error::kExcessiveLoad);
    }
    if ((flags & NGHTTP3_QPACK_DECODE_FLAG_FINAL) != 0) return fields;
    if (taken == 0 && (flags & NGHTTP3_QPACK_DECODE_FLAG_EMIT) == 0) return failed;
  }
}

// Required insert count and base, both 0 (RFC 9204 §4.5.1).
HeaderEncoder::HeaderEncoder() : block_{0, 0} {}

void HeaderEncoder::Indexed(uint8_t static_index) { Integer(0xc0, 6, static_index); }

void HeaderEncoder::NameOf(uint8_t static_index, std::string_view value) {
  Integer(0x50, 4, static_index);
  Text(value);
}

void HeaderEncoder::Literal(std::string_view name, std::string_view value) {
  Integer(0x20, 3, name.size());
  block_.insert(block_.end(), name.begin(), name.end());
  Text(value);
}

void HeaderEncoder::Text(std::string_view text) {
  Integer(0, 7, text.size());
  block_.insert(block_.end(), text.begin(), text.end());
}

// A prefixed integer (RFC 7541 §5.1).
void HeaderEncoder::Integer(uint8_t flags, int prefix_bits, size_t value) {
  const size_t limit = (size_t{1} << prefix_bits) - 1;
  if (value < limit) {
    block_.push_back(static_cast<uint8_t>(flags | value));
    return;
  }
  block_.push_back(static_cast<uint8_t>(flags | limit));
  for (value -= limit; value >= 0x80; value >>= 7) {
    block_.push_back(static_cast<uint8_t>(value | 0x80));
  }
  block_.push_back(static_cast<uint8_t>(value));
}

bool ValidEncoderStream(ByteSpan bytes) {
  constexpr uint8_t kSetCapacityZero = 0x20;
  for (const uint8_t byte : bytes) {
    if (byte != kSetCapacityZero) return false;
  }
  return true;
}

bool QpackDecoderStreamReader::Read(ByteSpan bytes) {
  constexpr uint8_t kStreamCancellation = 0x40;
  constexpr uint8_t kPrefix = 0x3f;
  constexpr size_t kMaxIntegerBytes = 10;  // 62 bits after a prefix of 6
  for (const uint8_t byte : bytes) {
    if (integer_bytes_ == 0) {
      if ((byte & 0xc0) != kStreamCancellation) return false;
      integer_bytes_ = (byte & kPrefix) == kPrefix ? 1 : 0;
    } else {
      if (++integer_bytes_ > kMaxIntegerBytes) return false;
      if ((byte & 0x80) == 0) integer_bytes_ = 0;
    }
  }
  return true;
}

}  // namespace ferry::net

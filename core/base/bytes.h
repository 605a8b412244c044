// Bounds-checked reading and writing of network byte order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace ferry {

using ByteSpan = std::span<const uint8_t>;
using MutableByteSpan = std::span<uint8_t>;

// Reads big-endian fields from a span. A read past the end returns zero and marks the reader as
// failed, so that a parser can read a whole structure and check ok() once.
class ByteReader {
 public:
  explicit ByteReader(ByteSpan data) : data_(data) {}

  bool ok() const { return ok_; }
  size_t remaining() const { return data_.size() - position_; }
  size_t position() const { return position_; }

  uint8_t U8() { return static_cast<uint8_t>(Unsigned(1)); }
  uint16_t U16() { return static_cast<uint16_t>(Unsigned(2)); }
  uint32_t U24() { return static_cast<uint32_t>(Unsigned(3)); }
  uint32_t U32() { return static_cast<uint32_t>(Unsigned(4)); }
  uint64_t U64() { return Unsigned(8); }

  // The next `count` bytes, or an empty span and a failed reader when there are fewer.
  ByteSpan Bytes(size_t count) {
    if (!Need(count)) return {};
    ByteSpan out = data_.subspan(position_, count);
    position_ += count;
    return out;
  }
  void Skip(size_t count) { Bytes(count); }
  ByteSpan Rest() { return Bytes(remaining()); }

 private:
  bool Need(size_t count) {
    if (!ok_ || remaining() < count) ok_ = false;
    return ok_;
  }
  uint64_t Unsigned(size_t count) {
    if (!Need(count)) return 0;
    uint64_t value = 0;
    for (size_t i = 0; i < count; ++i) value = value << 8 | data_[position_ + i];
    position_ += count;
    return value;
  }

  ByteSpan data_;
  size_t position_ = 0;
  bool ok_ = true;
};

// Writes big-endian fields into a span. A write past the end writes nothing and marks the writer as
// failed.
class ByteWriter {
 public:
  explicit ByteWriter(MutableByteSpan data) : data_(data) {}

  bool ok() const { return ok_; }
  size_t position() const { return position_; }
  size_t remaining() const { return data_.size() - position_; }

  void U8(uint8_t v) { Unsigned(v, 1); }
  void U16(uint16_t v) { Unsigned(v, 2); }
  void U24(uint32_t v) { Unsigned(v, 3); }
  void U32(uint32_t v) { Unsigned(v, 4); }
  void U64(uint64_t v) { Unsigned(v, 8); }
  void Bytes(ByteSpan bytes) {
    if (!Need(bytes.size())) return;
    if (!bytes.empty()) std::memcpy(data_.data() + position_, bytes.data(), bytes.size());
    position_ += bytes.size();
  }

 private:
  bool Need(size_t count) {
    if (!ok_ || remaining() < count) ok_ = false;
    return ok_;
  }
  void Unsigned(uint64_t value, size_t count) {
    if (!Need(count)) return;
    for (size_t i = 0; i < count; ++i) {
      data_[position_ + i] = static_cast<uint8_t>(value >> (8 * (count - 1 - i)));
    }
    position_ += count;
  }

  MutableByteSpan data_;
  size_t position_ = 0;
  bool ok_ = true;
};

}  // namespace ferry

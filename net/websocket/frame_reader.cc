#include "net/websocket/frame_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "net/websocket/frame_writer.h"
#include "net/websocket/utf8.h"

namespace ferry::net {
namespace {

ByteSpan AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

bool IsKnown(uint8_t opcode) { return opcode <= 0x2 || (opcode >= 0x8 && opcode <= 0xA); }

// §7.4: what may stand in a close frame. 1005, 1006 and 1015 are for local use alone.
bool MayBeSent(uint16_t code) {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

}  // namespace

FrameReader::FrameReader(WebSocketRole role, size_t max_message_bytes, ByteSpan received)
    : role_(role),
      max_message_bytes_(max_message_bytes),
      buffer_(received.begin(), received.end()),
      end_(received.size()) {}

MutableByteSpan FrameReader::Space() {
  const size_t kept = end_ - begin_;
  size_t needed = kReadBytes;
  std::optional<Event> error;
  if (const auto header = ReadHeader(error)) {
    needed = std::max(needed, header->size + header->payload_size);
  }
  if (buffer_.size() != needed) {
    // The first call, or a long frame began or was dispatched.
    std::vector<uint8_t> other(needed);
    std::copy_n(buffer_.begin() + static_cast<ptrdiff_t>(begin_), kept, other.begin());
    buffer_ = std::move(other);
  } else if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, kept);
  }
  begin_ = 0;
  end_ = kept;
  return MutableByteSpan(buffer_).subspan(end_);
}

void FrameReader::Received(size_t bytes) { end_ += std::min(bytes, buffer_.size() - end_); }

std::optional<FrameReader::Event> FrameReader::Next() {
  if (message_given_) {
    message_given_ = false;
    message_ = {};
  }
  std::optional<Event> event;
  while (!event && !ended_) {
    const auto header = ReadHeader(event);
    if (!header) break;
    if (end_ - begin_ < header->size + header->payload_size) break;
    const MutableByteSpan payload =
        MutableByteSpan(buffer_).subspan(begin_ + header->size, header->payload_size);
    if (role_ == WebSocketRole::kServer) {
      MaskingKey key;
      std::memcpy(key.data(), payload.data() - key.size(), key.size());
      ApplyMask(payload, key);
    }
    begin_ += header->size + header->payload_size;
    event = IsControl(header->opcode) ? OnControlFrame(*header, payload)
                                      : OnDataFrame(*header, payload);
  }
  return event;
}

std::optional<FrameReader::Header> FrameReader::ReadHeader(std::optional<Event>& error) {
  ByteReader reader(unread());
  const uint8_t first = reader.U8();
  const uint8_t second = reader.U8();
  if (!reader.ok()) return std::nullopt;
  const uint8_t raw_opcode = first & 0x0F;
  const bool masked = (second & 0x80) != 0;
  const auto fail = [&](CloseCode code, std::string_view why) {
    error = Fail(code, why);
    return std::nullopt;
  };
  if ((first & 0x70) != 0) return fail(CloseCode::kBrokenFraming, "reserved bits are set");
  if (!IsKnown(raw_opcode)) return fail(CloseCode::kBrokenFraming, "unknown opcode");
  if (masked != (role_ == WebSocketRole::kServer)) {
    return fail(CloseCode::kBrokenFraming, masked ? "a masked frame" : "a frame without mask");
  }
  Header header{(first & 0x80) != 0, static_cast<Opcode>(raw_opcode), 0, second & 0x7Fu};
  if (IsControl(header.opcode)) {
    if (!header.fin) return fail(CloseCode::kBrokenFraming, "a fragmented control frame");
    if (header.payload_size > kMaxControlFramePayload) {
      return fail(CloseCode::kBrokenFraming, "a control frame of more than 125 bytes");
    }
  } else if ((header.opcode == Opcode::kContinuation) == (fragmented_ == Opcode::kContinuation)) {
    return fail(CloseCode::kBrokenFraming, header.opcode == Opcode::kContinuation
                                               ? "a continuation of nothing"
                                               : "a message within another");
  }
  uint64_t payload_size = header.payload_size;
  if (header.payload_size == 126) payload_size = reader.U16();
  if (header.payload_size == 127) payload_size = reader.U64();
  if (masked) reader.Skip(sizeof(MaskingKey));
  if (!reader.ok()) return std::nullopt;
  const size_t so_far = IsControl(header.opcode) ? 0 : message_.size();
  if (payload_size > max_message_bytes_ - so_far && !IsControl(header.opcode)) {
    return fail(CloseCode::kTooBig,
                "a message of more than " + std::to_string(max_message_bytes_) + " bytes");
  }
  header.size = reader.position();
  header.payload_size = payload_size;
  return header;
}

std::optional<FrameReader::Event> FrameReader::OnControlFrame(const Header& header,
                                                              ByteSpan payload) {
  if (header.opcode == Opcode::kClose) return OnCloseFrame(payload);
  return Event{header.opcode == Opcode::kPing ? Kind::kPing : Kind::kPong, payload};
}

FrameReader::Event FrameReader::OnCloseFrame(ByteSpan payload) {
  if (payload.empty()) {
    ended_ = true;
    return {Kind::kClose, {}, kCloseNoCode};
  }
  if (payload.size() == 1) return Fail(CloseCode::kBrokenFraming, "half a close code");
  const uint16_t code = ByteReader(payload).U16();
  const ByteSpan reason = payload.subspan(2);
  if (!MayBeSent(code)) return Fail(CloseCode::kBrokenFraming, "a close code that may not be sent");
  if (!IsUtf8(reason)) return Fail(CloseCode::kNotUtf8, "a close reason that is not UTF-8");
  ended_ = true;
  return {Kind::kClose, reason, code};
}

std::optional<FrameReader::Event> FrameReader::OnDataFrame(const Header& header, ByteSpan payload) {
  const bool continues = header.opcode == Opcode::kContinuation;
  if (header.fin && !continues) return Message(header.opcode, payload);
  if (!continues) fragmented_ = header.opcode;
  message_.insert(message_.end(), payload.begin(), payload.end());
  if (!header.fin) return std::nullopt;
  message_given_ = true;
  return Message(std::exchange(fragmented_, Opcode::kContinuation), message_);
}

FrameReader::Event FrameReader::Message(Opcode opcode, ByteSpan payload) {
  if (opcode == Opcode::kBinary) return {Kind::kBinary, payload};
  if (!IsUtf8(payload)) return Fail(CloseCode::kNotUtf8, "text that is not UTF-8");
  return {Kind::kText, payload};
}

FrameReader::Event FrameReader::Fail(CloseCode code, std::string_view why) {
  ended_ = true;
  error_.assign(why);
  return {Kind::kError, AsBytes(error_), ToWire(code)};
}

}  // namespace ferry::net

#include "net/webtransport/control_reader.h"

#include <algorithm>

namespace ferry::net {
namespace {

// Kept between messages; what grew beyond for a long one is given back.
constexpr size_t kKeptBytes = 4096;

std::string_view AsText(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

std::optional<std::string_view> ControlReader::Next(ByteSpan& data) {
  if (!expected_) {
    // The last message was given out and is not needed any more.
    message_.clear();
    if (message_.capacity() > kKeptBytes) message_.shrink_to_fit();
    if (failed_) {
      data = {};
      return std::nullopt;
    }
    const auto length = length_.Take(data);
    if (!length) return std::nullopt;
    if (*length > kMaxControlBytes) {
      failed_ = true;
      data = {};
      return std::nullopt;
    }
    expected_ = static_cast<size_t>(*length);
  }
  const size_t missing = *expected_ - message_.size();
  const ByteSpan taken = data.first(std::min(missing, data.size()));
  data = data.subspan(taken.size());
  const bool whole = taken.size() == missing;
  if (whole && message_.empty()) {
    expected_.reset();
    return AsText(taken);  // in one piece: not copied
  }
  message_.insert(message_.end(), taken.begin(), taken.end());
  if (!whole) return std::nullopt;
  expected_.reset();
  return AsText(message_);
}

void AppendControl(std::vector<uint8_t>& out, ByteSpan message) {
  AppendVarint(out, message.size());
  out.insert(out.end(), message.begin(), message.end());
}

}  // namespace ferry::net

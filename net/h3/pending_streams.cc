#include "net/h3/pending_streams.h"

#include <algorithm>
#include <utility>

namespace ferry::net {

bool PendingStreams::Add(int64_t id, int64_t session) {
  if (streams_.size() == kMaxPendingStreams) return false;
  streams_.push_back({.id = id, .session = session, .bytes = {}});
  return true;
}

bool PendingStreams::Contains(int64_t id) const {
  return std::ranges::find(streams_, id, &Stream::id) != streams_.end();
}

bool PendingStreams::Append(int64_t id, ByteSpan bytes, bool fin) {
  const auto stream = std::ranges::find(streams_, id, &Stream::id);
  if (stream == streams_.end()) return false;
  if (bytes.size() > kMaxPendingBytes - bytes_) {
    Remove(id);
    return false;
  }
  stream->bytes.insert(stream->bytes.end(), bytes.begin(), bytes.end());
  stream->fin = fin;
  bytes_ += bytes.size();
  return true;
}

void PendingStreams::Remove(int64_t id) {
  const auto stream = std::ranges::find(streams_, id, &Stream::id);
  if (stream == streams_.end()) return;
  bytes_ -= stream->bytes.size();
  streams_.erase(stream);
}

std::vector<PendingStreams::Stream> PendingStreams::TakeAll() {
  bytes_ = 0;
  return std::exchange(streams_, {});
}

}  // namespace ferry::net

#include "gateway/session/control_log.h"

#include <algorithm>
#include <utility>

namespace ferry::gateway {

bool ControlLog::Push(SharedText text) {
  if (messages_.size() >= limits_.max_messages || bytes_ + text->size() > limits_.max_bytes) {
    return false;
  }
  bytes_ += text->size();
  messages_.push_back(std::move(text));
  return true;
}

std::optional<ControlLog::Entry> ControlLog::Next() {
  if (!waiting()) return std::nullopt;
  Entry entry{next_, messages_[next_ - first_]};
  sent_ = std::max(sent_, next_++);
  bytes_on_way_ += entry.text->size();
  return entry;
}

bool ControlLog::Acknowledge(uint64_t seq) {
  if (seq > sent_) return false;
  for (; first_ <= seq; ++first_) {
    const size_t size = messages_.front()->size();
    bytes_ -= size;
    if (first_ < next_) bytes_on_way_ -= size;
    messages_.pop_front();
  }
  next_ = std::max(next_, first_);
  return true;
}

bool ControlLog::Rewind(uint64_t ack) {
  if (!Acknowledge(ack)) return false;
  next_ = first_;
  bytes_on_way_ = 0;
  return true;
}

}  // namespace ferry::gateway

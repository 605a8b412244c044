#include "gateway/session/control_log.h"

#include <algorithm>
#include <utility>

#include "gateway/session/event_text.h"

namespace ferry::gateway {

ControlMessage ControlMessage::OfSubscription(StreamId stream, std::string text) {
  ControlMessage message(std::move(text));
  message.subscription_ = stream;
  return message;
}

const std::string& ControlMessage::text() const {
  if (const auto* text = std::get_if<SharedText>(&content_)) return **text;
  return std::get<SharedRoomEvent>(content_)->Encoded(&EventText);
}

size_t ControlMessage::Measure() const {
  if (const auto* text = std::get_if<SharedText>(&content_)) return (*text)->size();
  return MaxEventBytes(std::get<SharedRoomEvent>(content_)->body());
}

const RoomEvent::Body* ControlMessage::event() const {
  const auto* event = std::get_if<SharedRoomEvent>(&content_);
  return event ? &(*event)->body() : nullptr;
}

std::optional<ControlLog::Slot> ControlLog::SlotOf(const ControlMessage& message) {
  if (message.subscription()) return Slot{*message.subscription(), &OfStream::subscription};
  const RoomEvent::Body* event = message.event();
  if (event == nullptr) return std::nullopt;
  if (const auto* added = std::get_if<StreamAdded>(event)) {
    return Slot{added->stream.key, &OfStream::added};
  }
  if (const auto* updated = std::get_if<StreamUpdated>(event)) {
    return Slot{updated->stream.key, &OfStream::updated};
  }
  return std::nullopt;
}

bool ControlLog::Replace(const Slot& slot, ControlMessage& message) {
  const auto found = streams_.find(slot.stream);
  if (found == streams_.end() || !(found->second.*slot.place)) return false;
  ControlMessage& former = **(found->second.*slot.place);
  bytes_ = bytes_ - former.bytes() + message.bytes();
  former = std::move(message);
  return true;
}

void ControlLog::Erase(std::optional<Unsent::iterator>& place) {
  if (!place) return;
  bytes_ -= (*place)->bytes();
  unsent_.erase(*place);
  place.reset();
}

bool ControlLog::ForgetStream(StreamId stream) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return true;
  OfStream& waits = found->second;
  const bool told = !waits.added;
  Erase(waits.added);
  Erase(waits.updated);
  Erase(waits.subscription);
  streams_.erase(found);
  return told;
}

void ControlLog::ForgetSubscription(StreamId stream) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return;
  Erase(found->second.subscription);
  if (found->second.empty()) streams_.erase(found);
}

bool ControlLog::Push(ControlMessage message) {
  const RoomEvent::Body* event = message.event();
  const auto* removed = event ? std::get_if<StreamRemoved>(event) : nullptr;
  if (removed && !ForgetStream(removed->stream.key)) return true;
  const auto slot = SlotOf(message);
  if (slot && Replace(*slot, message)) return true;
  const size_t bytes = message.bytes();
  if (size() >= limits_.max_messages || bytes_ + bytes > limits_.max_bytes) return false;
  bytes_ += bytes;
  unsent_.push_back(std::move(message));
  if (slot) streams_[slot->stream].*slot->place = std::prev(unsent_.end());
  return true;
}

std::optional<ControlLog::Entry> ControlLog::Next() {
  if (!waiting()) return std::nullopt;
  if (next_ == first_ + sent_.size()) {
    if (const auto slot = SlotOf(unsent_.front())) {
      OfStream& waits = streams_.at(slot->stream);
      (waits.*slot->place).reset();
      if (waits.empty()) streams_.erase(slot->stream);
    }
    sent_.push_back(std::move(unsent_.front()));
    unsent_.pop_front();
  }
  Entry entry{next_, sent_[next_ - first_]};
  ++next_;
  bytes_on_way_ += entry.message.bytes();
  return entry;
}

bool ControlLog::Acknowledge(uint64_t seq) {
  if (seq >= first_ + sent_.size()) return false;
  for (; first_ <= seq; ++first_) {
    const size_t bytes = sent_.front().bytes();
    bytes_ -= bytes;
    if (first_ < next_) bytes_on_way_ -= bytes;
    sent_.pop_front();
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

#include "net/quic/timer_heap.h"

namespace ferry::net {

void TimerHeap::Set(Entry& entry, uint64_t deadline) {
  const uint64_t before = entry.deadline_;
  entry.deadline_ = deadline;
  if (deadline == kNever) {
    const size_t position = entry.position_;
    if (position == Entry::kNone) return;
    entry.position_ = Entry::kNone;
    Entry* last = heap_.back();
    heap_.pop_back();
    if (last == &entry) return;
    Place(last, position);
    SiftUp(position);
    SiftDown(last->position_);
    return;
  }
  if (entry.position_ == Entry::kNone) {
    heap_.push_back(&entry);
    entry.position_ = heap_.size() - 1;
    SiftUp(entry.position_);
  } else if (deadline < before) {
    SiftUp(entry.position_);
  } else {
    SiftDown(entry.position_);
  }
}

void TimerHeap::SiftUp(size_t position) {
  Entry* entry = heap_[position];
  while (position > 0) {
    const size_t parent = (position - 1) / 2;
    if (heap_[parent]->deadline_ <= entry->deadline_) break;
    Place(heap_[parent], position);
    position = parent;
  }
  Place(entry, position);
}

void TimerHeap::SiftDown(size_t position) {
  Entry* entry = heap_[position];
  for (;;) {
    size_t child = 2 * position + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->deadline_ < heap_[child]->deadline_) ++child;
    if (entry->deadline_ <= heap_[child]->deadline_) break;
    Place(heap_[child], position);
    position = child;
  }
  Place(entry, position);
}

}  // namespace ferry::net

// The deadlines of many connections behind one timer of the system.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ferry::net {

// A binary heap of things that each have one deadline. Nanoseconds of the monotonic clock.
class TimerHeap {
 public:
  static constexpr uint64_t kNever = UINT64_MAX;

  class Entry {
   public:
    uint64_t deadline() const { return deadline_; }

   private:
    friend TimerHeap;
    static constexpr size_t kNone = SIZE_MAX;
    uint64_t deadline_ = kNever;
    size_t position_ = kNone;
  };

  // kNever takes the entry out.
  void Set(Entry& entry, uint64_t deadline);
  void Remove(Entry& entry) { Set(entry, kNever); }
  // The entry with the earliest deadline, or null.
  Entry* first() const { return heap_.empty() ? nullptr : heap_.front(); }

 private:
  void Place(Entry* entry, size_t position) {
    heap_[position] = entry;
    entry->position_ = position;
  }
  void SiftUp(size_t position);
  void SiftDown(size_t position);

  std::vector<Entry*> heap_;
};

}  // namespace ferry::net

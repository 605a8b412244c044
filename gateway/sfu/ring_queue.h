// A queue in one block of memory: what a deque does, without an allocation for every few elements.
#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <utility>
#include <vector>

namespace ferry::gateway {

// Doubles when it is full, up to what its owner lets in, and keeps the memory until Clear. Popped
// elements stay in their slots as moved from, so that those which own memory can reuse it.
template <typename T>
class RingQueue {
 public:
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  T& operator[](size_t i) { return slots_[(head_ + i) & (slots_.size() - 1)]; }
  const T& operator[](size_t i) const { return slots_[(head_ + i) & (slots_.size() - 1)]; }
  T& front() { return (*this)[0]; }
  const T& front() const { return (*this)[0]; }

  void push_back(T value) { Append() = std::move(value); }
  // The new last element, as the slot was left.
  T& Append() {
    if (size_ == slots_.size()) Grow();
    return (*this)[size_++];
  }
  T pop_front() {
    assert(size_ > 0);
    T value = std::move(front());
    head_ = (head_ + 1) & (slots_.size() - 1);
    --size_;
    return value;
  }
  // Removes those for which `predicate` holds, in order, each asked once.
  template <typename Predicate>
  void EraseIf(Predicate predicate) {
    size_t kept = 0;
    for (size_t i = 0; i < size_; ++i) {
      if (predicate((*this)[i])) continue;
      if (kept != i) (*this)[kept] = std::move((*this)[i]);
      ++kept;
    }
    for (size_t i = kept; i < size_; ++i) (*this)[i] = T();
    size_ = kept;
  }
  void Clear() {
    slots_.clear();
    slots_.shrink_to_fit();
    head_ = size_ = 0;
  }

 private:
  static constexpr size_t kFirstCapacity = 8;

  void Grow() {
    std::vector<T> grown(slots_.empty() ? kFirstCapacity : slots_.size() * 2);
    for (size_t i = 0; i < size_; ++i) grown[i] = std::move((*this)[i]);
    slots_ = std::move(grown);
    head_ = 0;
  }

  std::vector<T> slots_;  // a power of two
  size_t head_ = 0;
  size_t size_ = 0;
};

}  // namespace ferry::gateway

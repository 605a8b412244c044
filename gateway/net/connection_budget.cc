#include "gateway/net/connection_budget.h"

#include <algorithm>
#include <utility>

namespace ferry::gateway {

bool IsShortage(const error_code& accept_error) {
  using boost::system::errc::errc_t;
  // Of this process, of the whole machine, and of the kernel's memory (accept(2)).
  return accept_error == errc_t::too_many_files_open ||
         accept_error == errc_t::too_many_files_open_in_system ||
         accept_error == errc_t::no_buffer_space || accept_error == errc_t::not_enough_memory;
}

ConnectionBudget::ConnectionBudget(size_t max, Count& open, Count& cut)
    : max_(max), open_(open), cut_(cut) {}

bool ConnectionBudget::CutOldest() {
  const size_t largest = LargestGroup();
  for (std::list<Place*>* list : {&idle_, &busy_}) {
    const auto found = std::ranges::find_if(
        *list, [&](const Place* place) { return groups_.at(place->group_) == largest; });
    if (found == list->end()) continue;
    (*found)->Close();
    cut_.Add();
    return true;
  }
  return false;
}

// Where every address has one, that is the first that is looked at.
size_t ConnectionBudget::LargestGroup() const {
  size_t largest = 0;
  for (const auto& [group, count] : groups_) largest = std::max(largest, count);
  return largest;
}

void ConnectionBudget::Forget(const Place& place) {
  open_.Add(-1);
  const auto group = groups_.find(place.group_);
  if (--group->second == 0) groups_.erase(group);
}

void ConnectionBudget::CloseAll() {
  for (std::list<Place*>* list : {&idle_, &busy_}) {
    while (!list->empty()) list->front()->Close();
  }
}

ConnectionBudget::Place::Place(ConnectionBudget& budget, std::function<void()> close,
                               const AddressKey& group)
    : budget_(budget), close_(std::move(close)), group_(group), list_(&budget.idle_) {
  while (budget_.idle_.size() + budget_.busy_.size() >= budget_.max_ && budget_.CutOldest()) {
  }
  budget_.open_.Add(1);
  ++budget_.groups_[group_];
  position_ = list_->insert(list_->end(), this);
}

ConnectionBudget::Place::~Place() {
  if (list_ == nullptr) return;
  list_->erase(position_);
  budget_.Forget(*this);
}

void ConnectionBudget::Place::Move(std::list<Place*>& where) {
  if (list_ == nullptr) return;
  where.splice(where.end(), *list_, position_);
  list_ = &where;
}

void ConnectionBudget::Place::Close() {
  std::exchange(list_, nullptr)->erase(position_);
  budget_.Forget(*this);
  // Which may end this place.
  const std::function<void()> close = close_;
  close();
}

}  // namespace ferry::gateway

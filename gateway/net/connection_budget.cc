#include "gateway/net/connection_budget.h"

#include <utility>

namespace ferry::gateway {

ConnectionBudget::ConnectionBudget(size_t max, Count& open, Count& cut)
    : max_(max), open_(open), cut_(cut) {}

bool ConnectionBudget::CutOldest() {
  std::list<Place*>& list = idle_.empty() ? busy_ : idle_;
  if (list.empty()) return false;
  list.front()->Close();
  cut_.Add();
  return true;
}

void ConnectionBudget::CloseAll() {
  for (std::list<Place*>* list : {&idle_, &busy_}) {
    while (!list->empty()) list->front()->Close();
  }
}

ConnectionBudget::Place::Place(ConnectionBudget& budget, std::function<void()> close)
    : budget_(budget), close_(std::move(close)), list_(&budget.idle_) {
  while (budget_.idle_.size() + budget_.busy_.size() >= budget_.max_ && budget_.CutOldest()) {
  }
  budget_.open_.Add(1);
  position_ = list_->insert(list_->end(), this);
}

ConnectionBudget::Place::~Place() {
  if (list_ == nullptr) return;
  list_->erase(position_);
  budget_.open_.Add(-1);
}

void ConnectionBudget::Place::Move(std::list<Place*>& where) {
  if (list_ == nullptr) return;
  where.splice(where.end(), *list_, position_);
  list_ = &where;
}

void ConnectionBudget::Place::Close() {
  std::exchange(list_, nullptr)->erase(position_);
  budget_.open_.Add(-1);
  // Which may end this place.
  const std::function<void()> close = close_;
  close();
}

}  // namespace ferry::gateway

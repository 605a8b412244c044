// Connections that are not done opening, counted wherever such are limited.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace ferry::net {

// Those of one endpoint.
struct HalfOpenTable {
  size_t total = 0;
  // Of them those whose client has not shown that it receives at the address it sends from: the
  // address may be anybody's. QuicConfig bounds them.
  size_t unvalidated = 0;
  std::map<boost::asio::ip::address, size_t> unvalidated_of;

  size_t Unvalidated(const boost::asio::ip::address& address) const {
    const auto found = unvalidated_of.find(address);
    return found == unvalidated_of.end() ? 0 : found->second;
  }
};

// Counts from when it is made until it is destroyed, assigned over or moved from.
class HalfOpen {
 public:
  HalfOpen() = default;
  // With the address, when the client has not been shown to be there.
  HalfOpen(std::shared_ptr<HalfOpenTable> table,
           std::optional<boost::asio::ip::address> unvalidated)
      : table_(std::move(table)), unvalidated_(std::move(unvalidated)) {
    ++table_->total;
    if (!unvalidated_) return;
    ++table_->unvalidated;
    ++table_->unvalidated_of[*unvalidated_];
  }
  ~HalfOpen() {
    Validate();
    if (table_) --table_->total;
  }
  // The client has been shown to be there.
  void Validate() {
    if (!table_ || !unvalidated_) return;
    --table_->unvalidated;
    const auto found = table_->unvalidated_of.find(*unvalidated_);
    if (--found->second == 0) table_->unvalidated_of.erase(found);
    unvalidated_.reset();
  }
  HalfOpen(HalfOpen&& other) noexcept { *this = std::move(other); }
  HalfOpen& operator=(HalfOpen&& other) noexcept {
    std::swap(table_, other.table_);
    std::swap(unvalidated_, other.unvalidated_);
    return *this;
  }

 private:
  std::shared_ptr<HalfOpenTable> table_;
  std::optional<boost::asio::ip::address> unvalidated_;
};

}  // namespace ferry::net

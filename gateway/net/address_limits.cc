#include "gateway/net/address_limits.h"

#include <algorithm>
#include <utility>

namespace ferry::gateway {
namespace {

AddressEntry Fresh(const ConnectionLimits& limits) {
  const auto bucket = [](int64_t per_second, int64_t burst) {
    return TokenBucket(static_cast<double>(per_second), static_cast<double>(burst));
  };
  return {
      .handshakes = bucket(limits.handshakes_per_second, limits.handshake_burst),
      .messages = bucket(limits.messages_per_second_per_address, limits.message_burst_per_address),
      .requests = bucket(limits.requests_per_second_per_address, limits.request_burst_per_address),
  };
}

// After which empty buckets are full.
Duration BurstTime(const ConnectionLimits& limits) {
  return Duration::Seconds(
      1 + std::max({limits.handshake_burst / limits.handshakes_per_second,
                    limits.message_burst_per_address / limits.messages_per_second_per_address,
                    limits.request_burst_per_address / limits.requests_per_second_per_address}));
}

}  // namespace

std::string_view Name(RefusedBecause reason) {
  switch (reason) {
    case RefusedBecause::kFull:
      return "full";
    case RefusedBecause::kAddressConnections:
      return "address_connections";
    case RefusedBecause::kAddressHalfOpen:
      return "address_half_open";
    case RefusedBecause::kAddressRate:
      return "address_rate";
    case RefusedBecause::kAddressTable:
      return "address_table";
    case RefusedBecause::kOrigin:
      return "origin";
    case RefusedBecause::kProxyUntrusted:
      return "proxy_untrusted";
    case RefusedBecause::kProxyMalformed:
      return "proxy_malformed";
    case RefusedBecause::kPlainAddress:
      return "plain_address";
    case RefusedBecause::kCount:
      break;
  }
  return "";
}

AddressLimits::Slot::Slot(Slot&& other) noexcept
    : limits_(std::exchange(other.limits_, nullptr)), address_(other.address_) {}

AddressLimits::Slot& AddressLimits::Slot::operator=(Slot&& other) noexcept {
  std::swap(limits_, other.limits_);
  std::swap(address_, other.address_);
  return *this;
}

void AddressLimits::Slot::Free() {
  if (limits_ != nullptr) limits_->Disconnect(address_);
}

AddressLimits::AddressLimits(const ConnectionLimits& limits, const Clock& clock)
    : limits_(limits), clock_(clock), table_(Fresh(limits), BurstTime(limits)) {}

bool AddressLimits::Refuse(RefusedBecause reason) {
  ++refused_[static_cast<size_t>(reason)];
  return false;
}

bool AddressLimits::Admit(const boost::asio::ip::address& address) {
  const std::lock_guard lock(mutex_);
  const Timestamp now = clock_.Now();
  AddressEntry* entry = table_.Use(AddressKey::Of(address), now);
  if (entry == nullptr) return Refuse(RefusedBecause::kAddressTable);
  if (entry->half_open >= limits_.max_half_open_per_address) {
    return Refuse(RefusedBecause::kAddressHalfOpen);
  }
  if (!entry->handshakes.Take(1, now)) return Refuse(RefusedBecause::kAddressRate);
  ++entry->half_open;
  table_.Changed(*entry, now);
  return true;
}

void AddressLimits::Release(const boost::asio::ip::address& address) {
  const std::lock_guard lock(mutex_);
  AddressEntry* entry = table_.Find(AddressKey::Of(address));
  if (entry == nullptr || entry->half_open == 0) return;
  --entry->half_open;
  table_.Changed(*entry, clock_.Now());
}

bool AddressLimits::WouldAdmit(const boost::asio::ip::address& address) {
  const std::lock_guard lock(mutex_);
  const AddressEntry* entry = table_.Find(AddressKey::Of(address));
  return entry == nullptr || (entry->half_open < limits_.max_half_open_per_address &&
                              entry->handshakes.Holds(1, clock_.Now()));
}

bool AddressLimits::Connect(Slot& slot) {
  {
    const std::lock_guard lock(mutex_);
    if (connections_ >= limits_.max_connections) return Refuse(RefusedBecause::kFull);
    ++connections_;
  }
  slot = Slot(this, std::nullopt);
  return true;
}

bool AddressLimits::Identify(Slot& slot, const boost::asio::ip::address& address) {
  slot = Slot();
  {
    const std::lock_guard lock(mutex_);
    const Timestamp now = clock_.Now();
    AddressEntry* entry = table_.Use(AddressKey::Of(address), now);
    if (entry == nullptr) return Refuse(RefusedBecause::kAddressTable);
    if (entry->connections >= limits_.max_connections_per_address) {
      return Refuse(RefusedBecause::kAddressConnections);
    }
    ++entry->connections;
    table_.Changed(*entry, now);
  }
  slot = Slot(this, address);
  return true;
}

void AddressLimits::Disconnect(const std::optional<boost::asio::ip::address>& address) {
  const std::lock_guard lock(mutex_);
  if (!address) {
    --connections_;
    return;
  }
  // Known as long as it holds this.
  AddressEntry* entry = table_.Find(AddressKey::Of(*address));
  --entry->connections;
  table_.Changed(*entry, clock_.Now());
}

bool AddressLimits::TakeMessage(const AddressKey& address, size_t bytes) {
  const double cost = 1 + static_cast<double>(bytes) / kBytesOfAMessage;
  const std::lock_guard lock(mutex_);
  const Timestamp now = clock_.Now();
  AddressEntry* entry = table_.Use(address, now);
  if (entry == nullptr) return Refuse(RefusedBecause::kAddressTable);
  return entry->messages.Take(cost, now);
}

bool AddressLimits::TakeRequest(const AddressKey& address) {
  const std::lock_guard lock(mutex_);
  const Timestamp now = clock_.Now();
  AddressEntry* entry = table_.Use(address, now);
  if (entry == nullptr) return Refuse(RefusedBecause::kAddressTable);
  return entry->requests.Take(1, now);
}

void AddressLimits::CountRefusal(RefusedBecause reason) {
  const std::lock_guard lock(mutex_);
  Refuse(reason);
}

int64_t AddressLimits::refused(RefusedBecause reason) const {
  const std::lock_guard lock(mutex_);
  return refused_[static_cast<size_t>(reason)];
}

size_t AddressLimits::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_;
}

size_t AddressLimits::addresses() const {
  const std::lock_guard lock(mutex_);
  return table_.size();
}

int64_t AddressLimits::forgotten_full() const {
  const std::lock_guard lock(mutex_);
  return table_.cut_full();
}

int64_t AddressLimits::forgotten_network() const {
  const std::lock_guard lock(mutex_);
  return table_.cut_network();
}

}  // namespace ferry::gateway

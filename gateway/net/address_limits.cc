#include "gateway/net/address_limits.h"

#include <algorithm>
#include <random>
#include <utility>

namespace ferry::gateway {
namespace {

// The table is searched for what can be forgotten at most this often, so that who fills it cannot
// make every new connection cost a search.
constexpr Duration kForgetInterval = Duration::Millis(1000);

uint64_t RandomSeed() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
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

size_t AddressLimits::KeyHash::operator()(const AddressKey& key) const {
  // The finaliser of SplitMix64, keyed.
  uint64_t x = key.bits ^ seed ^ (key.v6 ? 0x9E3779B97F4A7C15 : 0);
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = ((x + seed) ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

AddressLimits::Entry::Entry(const ConnectionLimits& limits)
    : handshakes(static_cast<double>(limits.handshakes_per_second),
                 static_cast<double>(limits.handshake_burst)),
      messages(static_cast<double>(limits.messages_per_second_per_address),
               static_cast<double>(limits.message_burst_per_address)),
      requests(static_cast<double>(limits.requests_per_second_per_address),
               static_cast<double>(limits.request_burst_per_address)) {}

AddressLimits::AddressLimits(const ConnectionLimits& limits, const Clock& clock)
    : limits_(limits),
      clock_(clock),
      burst_time_(Duration::Seconds(
          1 +
          std::max({limits.handshake_burst / limits.handshakes_per_second,
                    limits.message_burst_per_address / limits.messages_per_second_per_address,
                    limits.request_burst_per_address / limits.requests_per_second_per_address}))),
      entries_(0, KeyHash{RandomSeed()}) {}

AddressLimits::Entry* AddressLimits::Find(const AddressKey& key) {
  auto found = entries_.find(key);
  if (found == entries_.end()) {
    if (entries_.size() >= kMaxAddresses) ForgetIdle();
    if (entries_.size() >= kMaxAddresses) return nullptr;
    found = entries_.emplace(key, Entry(limits_)).first;
  }
  found->second.last = clock_.Now();
  return &found->second;
}

void AddressLimits::ForgetIdle() {
  const Timestamp now = clock_.Now();
  if (now < forgot_ + kForgetInterval) return;
  forgot_ = now;
  std::erase_if(entries_, [&](const auto& item) {
    const Entry& entry = item.second;
    return entry.connections == 0 && entry.half_open == 0 && entry.last + burst_time_ <= now;
  });
}

bool AddressLimits::Refuse(RefusedBecause reason) {
  ++refused_[static_cast<size_t>(reason)];
  return false;
}

bool AddressLimits::Admit(const boost::asio::ip::address& address) {
  const std::lock_guard lock(mutex_);
  Entry* entry = Find(AddressKey::Of(address));
  if (entry == nullptr) return Refuse(RefusedBecause::kAddressTable);
  if (entry->half_open >= limits_.max_half_open_per_address) {
    return Refuse(RefusedBecause::kAddressHalfOpen);
  }
  if (!entry->handshakes.Take(1, clock_.Now())) return Refuse(RefusedBecause::kAddressRate);
  ++entry->half_open;
  return true;
}

void AddressLimits::Release(const boost::asio::ip::address& address) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(AddressKey::Of(address));
  if (found != entries_.end() && found->second.half_open > 0) --found->second.half_open;
}

bool AddressLimits::WouldAdmit(const boost::asio::ip::address& address) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(AddressKey::Of(address));
  if (found == entries_.end()) return true;
  const Entry& entry = found->second;
  return entry.half_open < limits_.max_half_open_per_address &&
         entry.handshakes.Holds(1, clock_.Now());
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
    Entry* entry = Find(AddressKey::Of(address));
    if (entry == nullptr) return Refuse(RefusedBecause::kAddressTable);
    if (entry->connections >= limits_.max_connections_per_address) {
      return Refuse(RefusedBecause::kAddressConnections);
    }
    ++entry->connections;
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
  const auto found = entries_.find(AddressKey::Of(*address));
  if (found != entries_.end()) --found->second.connections;
}

bool AddressLimits::TakeMessage(const AddressKey& address, size_t bytes) {
  const double cost = 1 + static_cast<double>(bytes) / kBytesOfAMessage;
  const std::lock_guard lock(mutex_);
  Entry* entry = Find(address);
  if (entry == nullptr) return Refuse(RefusedBecause::kAddressTable);
  return entry->messages.Take(cost, clock_.Now());
}

bool AddressLimits::TakeRequest(const AddressKey& address) {
  const std::lock_guard lock(mutex_);
  Entry* entry = Find(address);
  if (entry == nullptr) return Refuse(RefusedBecause::kAddressTable);
  return entry->requests.Take(1, clock_.Now());
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
  return entries_.size();
}

}  // namespace ferry::gateway

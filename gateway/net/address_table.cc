#include "gateway/net/address_table.h"

#include <random>

namespace ferry::gateway {
namespace {

// Entries whose time is over that are looked for with each new one: one more than comes, so that a
// table that was full empties again.
constexpr int kLetGoAtOnce = 2;

uint64_t RandomSeed() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

}  // namespace

size_t AddressTable::Hash::operator()(const AddressKey& key) const {
  // The finaliser of SplitMix64, keyed.
  uint64_t x = key.bits ^ seed ^ (key.v6 ? 0x9E3779B97F4A7C15 : 0);
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = ((x + seed) ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

AddressTable::AddressTable(const AddressEntry& fresh, Duration idle_time)
    : fresh_(fresh),
      idle_time_(idle_time),
      hash_{RandomSeed()},
      networks_(0, hash_),
      nodes_(0, hash_) {}

AddressEntry* AddressTable::Find(const AddressKey& key) {
  const auto found = nodes_.find(key);
  return found == nodes_.end() ? nullptr : &found->second;
}

AddressEntry* AddressTable::Use(const AddressKey& key, Timestamp now) {
  auto found = nodes_.find(key);
  if (found == nodes_.end()) {
    if (!MakeRoom(key, now)) return nullptr;
    found = nodes_.try_emplace(key, key, fresh_).first;
    if (key.v6) {
      found->second.network = &networks_[key.network()];
      ++found->second.network->known;
    }
  }
  Touch(found->second, now);
  return &found->second;
}

bool AddressTable::MakeRoom(const AddressKey& key, Timestamp now) {
  for (int i = 0; i < kLetGoAtOnce && !idle_.empty() && IsOver(idle_.front(), now); ++i) {
    Forget(idle_.front());
  }
  const auto network = key.v6 ? networks_.find(key.network()) : networks_.end();
  if (network != networks_.end() && network->second.known >= kMaxAddressesOfNetwork) {
    if (network->second.idle.empty()) return false;
    const Node& idlest = network->second.idle.front();
    if (!IsOver(idlest, now)) ++cut_network_;
    Forget(idlest);
  }
  if (nodes_.size() >= kMaxAddresses) {
    if (idle_.empty()) return false;
    ++cut_full_;
    Forget(idle_.front());
  }
  return true;
}

void AddressTable::Forget(const Node& node) {
  Network* const network = node.network;
  const AddressKey key = node.key;
  nodes_.erase(key);
  if (network != nullptr && --network->known == 0) networks_.erase(key.network());
}

void AddressTable::Touch(Node& node, Timestamp now) {
  node.last = now;
  if (node.in_all.is_linked()) node.in_all.unlink();
  if (node.in_network.is_linked()) node.in_network.unlink();
  if (node.holds()) return;
  idle_.push_back(node);
  if (node.network != nullptr) node.network->idle.push_back(node);
}

}  // namespace ferry::gateway

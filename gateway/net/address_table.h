// What is counted of each remote address, of a bounded number of addresses: those that hold nothing
// give way to others, the one that has been idle for longest first.
#pragma once

#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "core/base/token_bucket.h"
#include "core/base/units.h"
#include "gateway/net/address_key.h"

namespace ferry::gateway {

struct AddressEntry {
  bool holds() const { return connections > 0 || half_open > 0; }

  size_t connections = 0;
  size_t half_open = 0;
  TokenBucket handshakes;
  TokenBucket messages;
  TokenBucket requests;
};

class AddressTable {
 public:
  // About 20 MB.
  static constexpr size_t kMaxAddresses = 65'536;
  // Of one IPv6 /48, which is what one site is given (RFC 6177): who has one has as many addresses
  // as the table has places.
  static constexpr size_t kMaxAddressesOfNetwork = 4'096;

  // `fresh`: what is known of an address that is not. It says no more after `idle_time`: an entry
  // that has been idle as long is let go.
  AddressTable(const AddressEntry& fresh, Duration idle_time);

  // nullptr: not known.
  AddressEntry* Find(const AddressKey& key);
  // Of an address that is known from now on, and used now. nullptr: there is no room, because all
  // that are known hold something. Valid until the next call.
  AddressEntry* Use(const AddressKey& key, Timestamp now);
  // What an entry holds has changed now.
  void Changed(AddressEntry& entry, Timestamp now) { Touch(static_cast<Node&>(entry), now); }

  size_t size() const { return nodes_.size(); }
  // Entries that gave way before their time, since the start: to make room in the table, and for
  // others of their own network.
  int64_t cut_full() const { return cut_full_; }
  int64_t cut_network() const { return cut_network_; }

 private:
  using Hook = boost::intrusive::list_member_hook<
      boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
  struct Network;
  struct Node : AddressEntry {
    Node(const AddressKey& one, const AddressEntry& fresh) : AddressEntry(fresh), key(one) {}
    const AddressKey key;
    Timestamp last;              // when it was used
    Network* network = nullptr;  // of IPv6
    // In the order of their use, while it holds nothing.
    Hook in_all;
    Hook in_network;
  };
  template <Hook Node::*hook>
  using List = boost::intrusive::list<Node, boost::intrusive::member_hook<Node, Hook, hook>,
                                      boost::intrusive::constant_time_size<false>>;
  struct Network {
    size_t known = 0;
    List<&Node::in_network> idle;
  };
  // Seeded: whoever chooses addresses cannot choose what collides.
  struct Hash {
    uint64_t seed;
    size_t operator()(const AddressKey& key) const;
    size_t operator()(uint64_t network) const { return (*this)(AddressKey{true, network}); }
  };

  // Whether there is room for this one, made or not.
  bool MakeRoom(const AddressKey& key, Timestamp now);
  bool IsOver(const Node& node, Timestamp now) const { return node.last + idle_time_ <= now; }
  void Forget(const Node& node);
  void Touch(Node& node, Timestamp now);

  const AddressEntry fresh_;
  const Duration idle_time_;
  const Hash hash_;
  std::unordered_map<uint64_t, Network, Hash> networks_;
  std::unordered_map<AddressKey, Node, Hash> nodes_;
  List<&Node::in_all> idle_;
  int64_t cut_full_ = 0;
  int64_t cut_network_ = 0;
};

}  // namespace ferry::gateway

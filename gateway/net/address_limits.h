// How many connections there may be, in all and of one remote address, how fast an address may
// begin new ones, and how much all of them may say. One table for all workers and transports,
// behind a mutex: connections and control messages come here, media never.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

#include "gateway/base/clock.h"
#include "gateway/net/address_key.h"
#include "gateway/net/address_table.h"
#include "net/address_gate.h"

namespace ferry::gateway {

struct ConnectionLimits {
  size_t max_connections = 10'000;  // of clients, of all kinds and addresses
  // Generous, because a company or a mobile network may be one address to us.
  size_t max_connections_per_address = 1000;
  size_t max_half_open_per_address = 256;
  int64_t handshakes_per_second = 200;  // of one address
  int64_t handshake_burst = 1000;
  // Control messages over all connections of one address. A thousand clients ping 500 times a
  // second, and acknowledge; three hundred who enter a large call at once subscribe 20 000 times.
  int64_t messages_per_second_per_address = 10'000;
  int64_t message_burst_per_address = 50'000;
  // Requests over HTTP. A page with the SDK takes some twenty.
  int64_t requests_per_second_per_address = 200;
  int64_t request_burst_per_address = 4000;
};

enum class RefusedBecause {
  kFull,                // max_connections
  kAddressConnections,  // max_connections_per_address
  kAddressHalfOpen,     // max_half_open_per_address
  kAddressRate,         // handshakes_per_second
  kAddressTable,        // all known addresses, or those of its network, hold something
  kOrigin,              // a page that may not (OriginPolicy)
  kProxyUntrusted,      // a PROXY header of whom it is not taken from (ProxyPolicy)
  kProxyMalformed,      // one that is broken
  kPlainAddress,        // plain HTTP from elsewhere than this machine and trusted proxies
  kCount,
};
// As the metric's label.
std::string_view Name(RefusedBecause reason);

// By AddressKey: an IPv6 address counts as its /64.
class AddressLimits final : public net::AddressGate {
 public:
  // A control message counts as one, and as one more for so many bytes: long ones take long to
  // read.
  static constexpr double kBytesOfAMessage = 1024;

  // A connection that is counted, in the total or for its address, as long as this lives.
  class Slot {
   public:
    Slot() = default;
    ~Slot() { Free(); }
    Slot(Slot&& other) noexcept;
    Slot& operator=(Slot&& other) noexcept;

   private:
    friend class AddressLimits;
    Slot(AddressLimits* limits, std::optional<boost::asio::ip::address> address)
        : limits_(limits), address_(address) {}
    void Free();
    AddressLimits* limits_ = nullptr;
    std::optional<boost::asio::ip::address> address_;  // nullopt: counted in the total
  };

  AddressLimits(const ConnectionLimits& limits, const Clock& clock);

  // net::AddressGate: one more handshake of the address.
  bool Admit(const boost::asio::ip::address& address) override;
  void Release(const boost::asio::ip::address& address) override;
  bool WouldAdmit(const boost::asio::ip::address& address) override;

  // Counts one more connection of a client in the total; false when the gateway is full.
  bool Connect(Slot& slot);
  // Counts a connection for its address, client or not, and no longer for the one before, if any;
  // false when that has too many.
  bool Identify(Slot& slot, const boost::asio::ip::address& address);

  // A control message of this size, of a connection of the address; false when there were too many.
  bool TakeMessage(const AddressKey& address, size_t bytes);

  // A request over HTTP of the address; false when there were too many.
  bool TakeRequest(const AddressKey& address);

  // Counts a refusal decided elsewhere.
  void CountRefusal(RefusedBecause reason);
  // Since the start.
  int64_t refused(RefusedBecause reason) const;
  size_t connections() const;
  size_t addresses() const;
  // Addresses forgotten before their bursts were whole again, since the start: because too many
  // were known, in all or of their network (AddressTable).
  int64_t forgotten_full() const;
  int64_t forgotten_network() const;

 private:
  // With the mutex held.
  bool Refuse(RefusedBecause reason);
  void Disconnect(const std::optional<boost::asio::ip::address>& address);

  const ConnectionLimits limits_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  AddressTable table_;
  size_t connections_ = 0;
  std::array<int64_t, static_cast<size_t>(RefusedBecause::kCount)> refused_{};
};

}  // namespace ferry::gateway

// One UDP socket read and written in batches: a system call for many packets (recvmmsg, sendmmsg),
// and a trip through the kernel's network stack for many of those (UDP_GRO, UDP_SEGMENT).
#pragma once

#include <sys/socket.h>

#include <boost/asio/ip/udp.hpp>
#include <memory>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "net/quic/quic_config.h"
#include "net/quic/udp_address.h"

namespace ferry::net {

class UdpPacketSink {
 public:
  virtual void OnPacket(ByteSpan packet, const UdpPath& path, uint8_t ecn) = 0;

 protected:
  ~UdpPacketSink() = default;
};

struct UdpSocketOptions {
  // Other sockets of the process may bind the same.
  bool shared = false;
  // Where any address of the host is bound, packets come with the one that they were sent to, and
  // leave from the one that their path names: the kernel alone would send from the address that its
  // routes prefer, which is no answer to who sent to another. Without it paths have no local end.
  bool tells_local = false;
};

class UdpSocket {
 public:
  // The largest packet sent: an Ethernet frame over IPv4.
  static constexpr size_t kMaxPacketBytes = 1472;
  // Packets read at a turn of the loop before others get theirs; a batch is always read whole.
  static constexpr size_t kReadBudget = 512;
  // Of one GSO run; the kernel's own limits are 64 (older ones) and 64 kB.
  static constexpr size_t kMaxSegments = 60;
  static constexpr size_t kMaxRunBytes = 60'000;
  // Of the kernel, each way: what arrives or leaves while the worker does something else.
  static constexpr int kKernelBufferBytes = 8 << 20;

  // Binds `local`; "::" takes IPv4 as well. Errors name the address.
  static Result<std::unique_ptr<UdpSocket>> Open(boost::asio::io_context& io,
                                                 const boost::asio::ip::udp::endpoint& local,
                                                 UdpSocketOptions options, QuicCounters& counters);

  // Reads what waits, within the budget.
  void Receive(UdpPacketSink& sink);

  // Room for one packet of up to kMaxPacketBytes, or nothing while the kernel takes no more.
  MutableByteSpan Reserve();
  // The reserved room's first `size` bytes are a packet to be sent with the next Flush.
  void Commit(size_t size, const UdpPath& path, uint8_t ecn);
  // Sends what was committed. False when some of it has to wait until the socket is writable; it is
  // kept, and Flush is to be called again then.
  bool Flush();

  boost::asio::ip::udp::socket& socket() { return socket_; }
  const UdpAddress& local_address() const { return local_; }

  // Stands in for sendmmsg(2).
  using SendFunction = int (*)(int, mmsghdr*, unsigned, int);
  void SetSendFunctionForTesting(SendFunction send) { send_ = send; }

 private:
  static constexpr size_t kReceiveBatch = 16;
  static constexpr size_t kReceiveBytes = 65'536;  // a GRO batch can be as large as a datagram
  static constexpr size_t kSendBytes = 256 * 1024;
  static constexpr size_t kMaxRuns = 128;
  static constexpr size_t kSendBatch = 64;

  // Packets of equal size (the last may be shorter) on one path.
  struct Run {
    size_t offset, bytes, segment;
    UdpPath path;
    uint8_t ecn;
    bool open;  // takes more packets
  };
  struct ReceiveSlots;
  struct SendSlots;

  UdpSocket(boost::asio::io_context& io, QuicCounters& counters);
  Result<void> Bind(const boost::asio::ip::udp::endpoint& local, UdpSocketOptions options);
  size_t PrepareMessages();
  void Advance(size_t messages);

  QuicCounters& counters_;
  boost::asio::ip::udp::socket socket_;
  UdpAddress local_;
  SendFunction send_;
  bool tells_local_ = false;
  bool gso_ = true;
  bool blocked_ = false;
  std::vector<uint8_t> receive_buffer_;
  std::unique_ptr<ReceiveSlots, void (*)(ReceiveSlots*)> receive_slots_;
  std::vector<uint8_t> send_buffer_;
  size_t send_used_ = 0;
  std::vector<Run> runs_;
  // Where sending stands: the run, and the bytes of it that have left.
  size_t run_ = 0;
  size_t run_sent_ = 0;
  std::unique_ptr<SendSlots, void (*)(SendSlots*)> send_slots_;
};

}  // namespace ferry::net

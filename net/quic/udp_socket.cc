#include "net/quic/udp_socket.h"

#include <netinet/udp.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/v6_only.hpp>
#include <cerrno>
#include <cstring>

namespace ferry::net {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;

void SetOption(int fd, int level, int name, int value) {
  setsockopt(fd, level, name, &value, sizeof(value));
}

template <typename T>
cmsghdr* PutControl(msghdr& message, cmsghdr* at, int level, int type, T value) {
  at->cmsg_level = level;
  at->cmsg_type = type;
  at->cmsg_len = CMSG_LEN(sizeof(value));
  std::memcpy(CMSG_DATA(at), &value, sizeof(value));
  message.msg_controllen += CMSG_SPACE(sizeof(value));
  return reinterpret_cast<cmsghdr*>(reinterpret_cast<char*>(at) + CMSG_SPACE(sizeof(value)));
}

// An IPv6 address means the same on every link but for those that are of one link (RFC 4007).
uint32_t ScopeOf(const in6_addr& address, uint32_t link) {
  return IN6_IS_ADDR_LINKLOCAL(&address) ? link : 0;
}

// The control message by which a packet leaves from `local`. A socket of IPv6 takes its own
// family's for IPv4 as well (an IPv4-mapped address).
cmsghdr* PutSource(msghdr& message, cmsghdr* at, const UdpAddress& local) {
  if (local.any.sa_family == AF_INET) {
    const in_pktinfo source{.ipi_ifindex = 0, .ipi_spec_dst = local.v4.sin_addr, .ipi_addr = {}};
    return PutControl(message, at, IPPROTO_IP, IP_PKTINFO, source);
  }
  const in6_pktinfo source{.ipi6_addr = local.v6.sin6_addr, .ipi6_ifindex = local.v6.sin6_scope_id};
  return PutControl(message, at, IPPROTO_IPV6, IPV6_PKTINFO, source);
}

// What the kernel tells about one received message.
struct Arrival {
  size_t segment;
  uint8_t ecn = 0;
};

// The address that it was sent to replaces the one of `local`.
Arrival ReadControl(msghdr& message, size_t bytes, UdpAddress& local) {
  Arrival arrival{bytes};
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
      int segment = 0;
      std::memcpy(&segment, CMSG_DATA(c), sizeof(segment));
      if (segment > 0) arrival.segment = static_cast<size_t>(segment);
    } else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) ||
               (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS)) {
      arrival.ecn = *CMSG_DATA(c) & 3;
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      in_pktinfo target;
      std::memcpy(&target, CMSG_DATA(c), sizeof(target));
      if (local.any.sa_family == AF_INET) local.v4.sin_addr = target.ipi_addr;
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo target;
      std::memcpy(&target, CMSG_DATA(c), sizeof(target));
      local.v6.sin6_addr = target.ipi6_addr;
      local.v6.sin6_scope_id = ScopeOf(target.ipi6_addr, target.ipi6_ifindex);
    }
  }
  return arrival;
}

}  // namespace

struct UdpSocket::ReceiveSlots {
  struct alignas(cmsghdr) Control {
    std::array<uint8_t, 128> bytes;
  };
  std::array<mmsghdr, kReceiveBatch> messages{};
  std::array<iovec, kReceiveBatch> vectors{};
  std::array<UdpPath, kReceiveBatch> paths{};
  std::array<Control, kReceiveBatch> control{};
};

struct UdpSocket::SendSlots {
  struct alignas(cmsghdr) Control {
    std::array<uint8_t, CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(int)) +
                            CMSG_SPACE(sizeof(uint16_t))>
        bytes;
  };
  std::array<mmsghdr, kSendBatch> messages{};
  std::array<iovec, kSendBatch> vectors{};
  std::array<Control, kSendBatch> control{};
};

UdpSocket::UdpSocket(asio::io_context& io, QuicCounters& counters)
    : counters_(counters),
      socket_(io),
      send_(&::sendmmsg),
      receive_buffer_(kReceiveBatch * kReceiveBytes),
      receive_slots_(new ReceiveSlots, [](ReceiveSlots* p) { delete p; }),
      send_buffer_(kSendBytes),
      send_slots_(new SendSlots, [](SendSlots* p) { delete p; }) {
  runs_.reserve(kMaxRuns);
  for (size_t i = 0; i < kReceiveBatch; ++i) {
    receive_slots_->vectors[i] = {receive_buffer_.data() + i * kReceiveBytes, kReceiveBytes};
  }
}

Result<std::unique_ptr<UdpSocket>> UdpSocket::Open(asio::io_context& io, const udp::endpoint& local,
                                                   UdpSocketOptions options,
                                                   QuicCounters& counters) {
  std::unique_ptr<UdpSocket> opened(new UdpSocket(io, counters));
  const auto bound = opened->Bind(local, options);
  if (!bound && local.address() == asio::ip::address_v6::any()) {
    // A host without IPv6.
    return Open(io, udp::endpoint(asio::ip::address_v4::any(), local.port()), options, counters);
  }
  if (!bound) return std::unexpected(bound.error());
  return opened;
}

Result<void> UdpSocket::Bind(const udp::endpoint& local, UdpSocketOptions options) {
  boost::system::error_code error;
  socket_.open(local.protocol(), error);
  const int fd = socket_.native_handle();
  if (!error && local.address().is_v6()) socket_.set_option(asio::ip::v6_only(false), error);
  if (!error && options.shared) SetOption(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  if (!error) socket_.bind(local, error);
  if (!error) socket_.non_blocking(true, error);
  if (error) {
    return Fail(ErrorCode::kInvalidArgument, "cannot use UDP " + local.address().to_string() +
                                                 " port " + std::to_string(local.port()) + ": " +
                                                 error.message());
  }
  // The force is for those with the right to it; others get what the system allows.
  for (const int option : {SO_RCVBUF, SO_SNDBUF, SO_RCVBUFFORCE, SO_SNDBUFFORCE}) {
    SetOption(fd, SOL_SOCKET, option, kKernelBufferBytes);
  }
  SetOption(fd, SOL_UDP, UDP_GRO, 1);
  // Never fragmented, and no limit by what the kernel believes of the path: QUIC probes itself
  // (RFC 9000 §14).
  SetOption(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
  SetOption(fd, IPPROTO_IP, IP_RECVTOS, 1);
  if (local.address().is_v6()) {
    SetOption(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
    SetOption(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
  }
  tells_local_ = options.tells_local && local.address().is_unspecified();
  if (tells_local_ && local.address().is_v6()) {
    SetOption(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  } else if (tells_local_) {
    SetOption(fd, IPPROTO_IP, IP_PKTINFO, 1);
  }
  local_ = UdpAddress::From(socket_.local_endpoint(error));
  return {};
}

void UdpSocket::Receive(UdpPacketSink& sink) {
  auto& slots = *receive_slots_;
  for (size_t packets = 0; packets < kReadBudget;) {
    for (size_t i = 0; i < kReceiveBatch; ++i) {
      msghdr& header = slots.messages[i].msg_hdr;
      header = {};
      header.msg_name = &slots.paths[i].remote.v6;
      header.msg_namelen = sizeof(slots.paths[i].remote.v6);
      header.msg_iov = &slots.vectors[i];
      header.msg_iovlen = 1;
      header.msg_control = slots.control[i].bytes.data();
      header.msg_controllen = slots.control[i].bytes.size();
    }
    const int received = recvmmsg(socket_.native_handle(), slots.messages.data(), kReceiveBatch,
                                  MSG_DONTWAIT, nullptr);
    if (received <= 0) return;
    for (size_t i = 0; i < static_cast<size_t>(received); ++i) {
      msghdr& header = slots.messages[i].msg_hdr;
      const size_t bytes = slots.messages[i].msg_len;
      UdpPath& path = slots.paths[i];
      path.remote.size = header.msg_namelen;
      if (tells_local_) path.local = local_;
      const Arrival arrival = ReadControl(header, bytes, path.local);
      const ByteSpan all(receive_buffer_.data() + i * kReceiveBytes, bytes);
      for (size_t at = 0; at < bytes; at += arrival.segment) {
        sink.OnPacket(all.subspan(at, std::min(arrival.segment, bytes - at)), path, arrival.ecn);
        ++packets;
      }
    }
    if (static_cast<size_t>(received) < kReceiveBatch) return;
  }
}

MutableByteSpan UdpSocket::Reserve() {
  if (send_used_ + kMaxPacketBytes > send_buffer_.size() || runs_.size() == kMaxRuns) {
    if (!Flush()) return {};
  }
  if (blocked_) return {};
  return MutableByteSpan(send_buffer_).subspan(send_used_, kMaxPacketBytes);
}

void UdpSocket::Commit(size_t size, const UdpPath& path, uint8_t ecn) {
  Run* last = runs_.empty() ? nullptr : &runs_.back();
  const bool joins = last != nullptr && last->open && size <= last->segment && ecn == last->ecn &&
                     last->bytes + size <= kMaxRunBytes &&
                     last->bytes < kMaxSegments * last->segment && path == last->path;
  if (joins) {
    last->bytes += size;
    last->open = size == last->segment;
  } else {
    runs_.push_back({send_used_, size, size, path, ecn, true});
  }
  send_used_ += size;
  counters_.packets_out.Add();
}

// Describes as many of the runs that have not left as one call takes: a run as one message, or
// packet by packet where the kernel cannot segment.
size_t UdpSocket::PrepareMessages() {
  size_t count = 0;
  size_t run_index = run_;
  size_t sent = run_sent_;
  while (count < kSendBatch && run_index < runs_.size()) {
    Run& run = runs_[run_index];
    const size_t left = run.bytes - sent;
    const size_t size = gso_ ? left : std::min(left, run.segment);
    send_slots_->vectors[count] = {send_buffer_.data() + run.offset + sent, size};
    msghdr& header = send_slots_->messages[count].msg_hdr;
    header = {};
    header.msg_name = &run.path.remote.v6;
    header.msg_namelen = run.path.remote.size;
    header.msg_iov = &send_slots_->vectors[count];
    header.msg_iovlen = 1;
    auto* control = reinterpret_cast<cmsghdr*>(send_slots_->control[count].bytes.data());
    cmsghdr* at = control;
    if (tells_local_ && run.path.local.size > 0) at = PutSource(header, at, run.path.local);
    if (run.ecn != 0) {
      const bool v4 = run.path.remote.is_v4();
      at = PutControl<int>(header, at, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TOS : IPV6_TCLASS,
                           run.ecn);
    }
    if (size > run.segment) {
      PutControl(header, at, SOL_UDP, UDP_SEGMENT, static_cast<uint16_t>(run.segment));
    }
    if (header.msg_controllen > 0) header.msg_control = control;
    ++count;
    sent += size;
    if (sent == run.bytes) {
      ++run_index;
      sent = 0;
    }
  }
  return count;
}

void UdpSocket::Advance(size_t messages) {
  for (size_t i = 0; i < messages; ++i) {
    run_sent_ += send_slots_->vectors[i].iov_len;
    if (run_sent_ == runs_[run_].bytes) {
      ++run_;
      run_sent_ = 0;
    }
  }
}

bool UdpSocket::Flush() {
  while (run_ < runs_.size()) {
    const size_t count = PrepareMessages();
    const int sent = send_(socket_.native_handle(), send_slots_->messages.data(),
                           static_cast<unsigned>(count), MSG_DONTWAIT);
    if (sent > 0) {
      Advance(static_cast<size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!blocked_) counters_.send_blocked.Add();
      blocked_ = true;
      return false;
    }
    const bool segmented = send_slots_->messages[0].msg_hdr.msg_iov->iov_len > runs_[run_].segment;
    if (errno == EIO && segmented) {
      // The device cannot segment (no checksum offload, udp(7)): from now on packet by packet.
      gso_ = false;
      counters_.gso_fallbacks.Add();
      continue;
    }
    // Lost, as on the wire: a probe larger than the path (EMSGSIZE), a device whose queue is full
    // (ENOBUFS), a network that is gone.
    counters_.send_errors.Add();
    Advance(1);
  }
  blocked_ = false;
  runs_.clear();
  run_ = run_sent_ = 0;
  send_used_ = 0;
  return true;
}

}  // namespace ferry::net

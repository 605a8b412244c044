// The least that a packet over QUIC can cost: 30 times a second, one frame's packets for each of
// many subscribers are copied, sealed with AES-128-GCM (a nonce for each) and given to the kernel
// as one GSO run for each subscriber, in as few calls as possible. No acknowledgements, no
// congestion control, no routing. What a gateway spends is compared with this in one run, since the
// machine's speed differs from hour to hour.
//
//   sfu_floor [subscribers] [kbps] [packet bytes] [seconds]     prints microseconds for each packet
#include <netinet/in.h>
#include <netinet/udp.h>
#include <openssl/evp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "net/cpu_time.h"

namespace {

constexpr int kFps = 30;
constexpr size_t kTagBytes = 16;
constexpr size_t kNonceBytes = 12;
// One call's, as the gateway's own socket has it.
constexpr size_t kBatch = 32;
constexpr int kBufferBytes = 4 * 1024 * 1024;

void Check(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::exit(1);
}

int BoundSocket(sockaddr_in& address) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Check(fd >= 0 && bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0, "bind");
  socklen_t size = sizeof(address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  for (const int option : {SO_RCVBUF, SO_SNDBUF}) {
    setsockopt(fd, SOL_SOCKET, option, &kBufferBytes, sizeof(kBufferBytes));
  }
  return fd;
}

// Takes what arrives, as segmented by nobody, until told to stop.
void Drain(const std::vector<int>& sockets, const std::atomic<bool>& stop) {
  const int gro = 1;
  for (const int fd : sockets) setsockopt(fd, SOL_UDP, UDP_GRO, &gro, sizeof(gro));
  std::vector<uint8_t> buffer(65'536);
  while (!stop) {
    for (const int fd : sockets) {
      while (recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT) > 0) {
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

class Subscriber {
 public:
  explicit Subscriber(const sockaddr_in& address) : address_(address) {
    constexpr std::array<uint8_t, 16> kKey{1, 2, 3};
    Check(EVP_EncryptInit_ex(cipher_, EVP_aes_128_gcm(), nullptr, kKey.data(), nullptr) == 1,
          "AES-GCM");
  }
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;
  ~Subscriber() { EVP_CIPHER_CTX_free(cipher_); }

  sockaddr_in& address() { return address_; }

  void Seal(const std::vector<uint8_t>& packet, uint8_t* out) {
    std::array<uint8_t, kNonceBytes> nonce{};
    ++number_;
    std::memcpy(nonce.data(), &number_, sizeof(number_));
    std::memcpy(out, packet.data(), packet.size());
    int size = 0;
    EVP_EncryptInit_ex(cipher_, nullptr, nullptr, nullptr, nonce.data());
    EVP_EncryptUpdate(cipher_, nullptr, &size, nonce.data(), kNonceBytes);
    EVP_EncryptUpdate(cipher_, out, &size, out, static_cast<int>(packet.size()));
    EVP_EncryptFinal_ex(cipher_, out + size, &size);
    EVP_CIPHER_CTX_ctrl(cipher_, EVP_CTRL_AEAD_GET_TAG, kTagBytes, out + packet.size());
  }

 private:
  EVP_CIPHER_CTX* const cipher_ = EVP_CIPHER_CTX_new();
  sockaddr_in address_;
  uint64_t number_ = 0;
};

// One frame to every subscriber.
class FrameSender {
 public:
  FrameSender(size_t packets, size_t packet_bytes)
      : packet_(packet_bytes - kTagBytes),
        packets_(packets),
        run_bytes_(packets * packet_bytes),
        buffer_(kBatch * run_bytes_) {
    sockaddr_in own;
    socket_ = BoundSocket(own);
    const int segment = static_cast<int>(packet_bytes);
    Check(setsockopt(socket_, SOL_UDP, UDP_SEGMENT, &segment, sizeof(segment)) == 0, "UDP_SEGMENT");
  }

  void Send(const std::vector<std::unique_ptr<Subscriber>>& subscribers) {
    for (size_t first = 0; first < subscribers.size(); first += kBatch) {
      const size_t count = std::min(kBatch, subscribers.size() - first);
      for (size_t i = 0; i < count; ++i) Prepare(*subscribers[first + i], i);
      for (size_t sent = 0; sent < count;) {
        const int now =
            sendmmsg(socket_, messages_.data() + sent, static_cast<unsigned>(count - sent), 0);
        Check(now > 0, "sendmmsg");
        sent += static_cast<size_t>(now);
      }
    }
  }

 private:
  void Prepare(Subscriber& subscriber, size_t slot) {
    uint8_t* at = buffer_.data() + slot * run_bytes_;
    vectors_[slot] = {at, run_bytes_};
    for (size_t i = 0; i < packets_; ++i, at += packet_.size() + kTagBytes) {
      subscriber.Seal(packet_, at);
    }
    msghdr& header = messages_[slot].msg_hdr;
    header = {};
    header.msg_name = &subscriber.address();
    header.msg_namelen = sizeof(sockaddr_in);
    header.msg_iov = &vectors_[slot];
    header.msg_iovlen = 1;
  }

  const std::vector<uint8_t> packet_;
  const size_t packets_;
  const size_t run_bytes_;
  std::vector<uint8_t> buffer_;
  std::array<mmsghdr, kBatch> messages_{};
  std::array<iovec, kBatch> vectors_{};
  int socket_ = -1;
};

size_t Argument(int argc, char** argv, int index, size_t otherwise) {
  return argc > index ? std::strtoul(argv[index], nullptr, 10) : otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  const size_t count = Argument(argc, argv, 1, 100);
  const size_t kbps = Argument(argc, argv, 2, 3'000);
  const size_t packet_bytes = Argument(argc, argv, 3, 1'200);
  const size_t seconds = Argument(argc, argv, 4, 5);
  const size_t most = 65'000 / std::max<size_t>(packet_bytes, 1);
  const size_t packets =
      std::clamp<size_t>(kbps * 1'000 / 8 / kFps / std::max<size_t>(packet_bytes, 1), 1, most);
  Check(packet_bytes > kTagBytes && packet_bytes <= 1'500 && count > 0 && count <= 1'000 &&
            seconds > 0 && seconds <= 600,
        "arguments");

  std::vector<int> sockets;
  std::vector<std::unique_ptr<Subscriber>> subscribers;
  for (size_t i = 0; i < count; ++i) {
    sockaddr_in address;
    sockets.push_back(BoundSocket(address));
    subscribers.push_back(std::make_unique<Subscriber>(address));
  }
  std::atomic<bool> stop = false;
  std::thread drain([&] { Drain(sockets, stop); });
  FrameSender sender(packets, packet_bytes);
  auto next = std::chrono::steady_clock::now();
  const double begun = ferry::net::ThreadCpuSeconds();
  const size_t frames = seconds * kFps;
  for (size_t frame = 0; frame < frames; ++frame) {
    sender.Send(subscribers);
    next += std::chrono::microseconds(1'000'000 / kFps);
    std::this_thread::sleep_until(next);
  }
  const double spent = ferry::net::ThreadCpuSeconds() - begun;
  stop = true;
  drain.join();
  for (const int fd : sockets) close(fd);
  std::printf("%.3f\n", 1e6 * spent / static_cast<double>(frames * count * packets));
  return 0;
}

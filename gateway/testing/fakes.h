// Stand-ins for time and the network, for tests without either.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/session/app_directory.h"
#include "net/connection.h"

namespace ferry::gateway::testing {

class FakeClock final : public Clock {
 public:
  Timestamp Now() const override { return now_; }
  int64_t UnixMs() const override { return unix_ms_; }
  void Advance(Duration duration) {
    now_ += duration;
    unix_ms_ += duration.ms();
  }

 private:
  Timestamp now_ = Timestamp::Millis(1'000'000);
  int64_t unix_ms_ = 1'700'000'000'000;
};

// Knows one application.
class FakeAppDirectory final : public AppDirectory {
 public:
  FakeAppDirectory(uint32_t sdk_app_id, std::string secret)
      : policy{.secret = std::move(secret)}, sdk_app_id_(sdk_app_id) {}
  std::optional<AppPolicy> Find(uint32_t sdk_app_id) const override {
    return sdk_app_id == sdk_app_id_ ? std::optional(policy) : std::nullopt;
  }

  AppPolicy policy;

 private:
  const uint32_t sdk_app_id_;
};

// Takes what its handler has to send whenever it is drained.
class FakeConnection final : public net::Connection {
 public:
  void Wake() override { ++wakes; }
  void Close(uint16_t code, std::string_view reason) override {
    if (closed_with != 0) return;
    closed_with = code;
    close_reason = reason;
  }
  void Abort() override {}
  net::TransportKind transport() const override {
    return reliable_transport ? net::TransportKind::kWebSocket : net::TransportKind::kWebTransport;
  }
  bool reliable() const override { return reliable_transport; }
  const std::string& remote_address() const override { return remote; }

  void Drain(net::ConnectionHandler& handler) {
    net::OutgoingFrame frame;
    while (handler.NextFrame(frame)) {
      if (frame.control) {
        messages.push_back(nlohmann::json::parse(frame.bytes.begin(), frame.bytes.end()));
      } else {
        packets.emplace_back(frame.bytes.begin(), frame.bytes.end());
      }
    }
  }

  std::string remote = "192.0.2.1";
  bool reliable_transport = true;
  int wakes = 0;
  int closed_with = 0;
  std::string close_reason;
  std::vector<nlohmann::json> messages;
  std::vector<std::vector<uint8_t>> packets;
};

}  // namespace ferry::gateway::testing

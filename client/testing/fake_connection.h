// A connection in memory: the test is the gateway.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "net/connection.h"

namespace ferry::client::testing {

class FakeConnection final : public net::Connection {
 public:
  void Wake() override { woken = true; }
  void Close(uint16_t code, std::string_view) override { close_code = code; }
  void Abort() override { aborted = true; }
  net::TransportKind transport() const override { return kind; }
  bool reliable() const override { return true; }
  const std::string& remote_address() const override { return address_; }

  // Takes what the handler has to write.
  void Flush() {
    woken = false;
    net::OutgoingFrame frame;
    while (handler && handler->NextFrame(frame)) {
      if (frame.control) {
        control.push_back(nlohmann::json::parse(frame.bytes.begin(), frame.bytes.end()));
      } else {
        media.emplace_back(frame.bytes.begin(), frame.bytes.end());
      }
    }
  }
  void Say(const nlohmann::json& message) { handler->OnControl(message.dump()); }
  // The last message of that type that was written, or null.
  nlohmann::json Last(const std::string& type) const {
    for (auto it = control.rbegin(); it != control.rend(); ++it) {
      if ((*it)["type"] == type) return *it;
    }
    return nullptr;
  }

  net::TransportKind kind = net::TransportKind::kWebSocket;
  std::unique_ptr<net::ConnectionHandler> handler;
  std::vector<nlohmann::json> control;
  std::vector<std::vector<uint8_t>> media;
  std::optional<uint16_t> close_code;
  bool aborted = false;
  bool woken = false;

 private:
  std::string address_ = "127.0.0.1";
};

}  // namespace ferry::client::testing

#include "gateway/net/limited_handler.h"

#include <optional>
#include <string>
#include <utility>

#include "gateway/signaling/messages.h"

namespace ferry::gateway {
namespace {

class Counted final : public net::ConnectionHandler {
 public:
  Counted(AddressLimits::Slot client, AddressLimits::Slot address,
          std::unique_ptr<net::ConnectionHandler> handler)
      : client_(std::move(client)), address_(std::move(address)), handler_(std::move(handler)) {}

  void OnControl(std::string_view message) override { handler_->OnControl(message); }
  void OnMedia(ByteSpan packet) override { handler_->OnMedia(packet); }
  bool NextFrame(net::OutgoingFrame& frame) override { return handler_->NextFrame(frame); }
  void OnClosed(const net::ConnectionEnd& end) override { handler_->OnClosed(end); }

 private:
  const AddressLimits::Slot client_;
  const AddressLimits::Slot address_;
  const std::unique_ptr<net::ConnectionHandler> handler_;
};

// Says why by the close, for there is no control stream yet, and nothing else.
class Refusing final : public net::ConnectionHandler {
 public:
  Refusing(net::Connection& connection, SignalingError error, std::string why) {
    // A session that the client wanted to resume is not touched.
    connection.Close(
        net::ToWire(CloseCode::kTryAgainLater),
        CloseReason(
            {.id = std::nullopt, .code = static_cast<int>(error), .message = std::move(why)}));
  }
  void OnControl(std::string_view) override {}
  void OnMedia(ByteSpan) override {}
  bool NextFrame(net::OutgoingFrame&) override { return false; }
  void OnClosed(const net::ConnectionEnd&) override {}
};

}  // namespace

net::HandlerFactory CountedByAddress(AddressLimits& limits, net::HandlerFactory make) {
  return [&limits, inner = std::move(make)](
             net::Connection& connection) -> std::unique_ptr<net::ConnectionHandler> {
    AddressLimits::Slot client;
    AddressLimits::Slot of_address;
    if (!limits.Connect(client)) {
      return std::make_unique<Refusing>(connection, SignalingError::kGatewayFull,
                                        "the gateway is full");
    }
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(connection.remote_address(), error);
    if (!error && !limits.Identify(of_address, address)) {
      return std::make_unique<Refusing>(connection, SignalingError::kTooManyFromAddress,
                                        "too many connections from this address");
    }
    return std::make_unique<Counted>(std::move(client), std::move(of_address), inner(connection));
  };
}

}  // namespace ferry::gateway

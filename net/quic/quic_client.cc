#include "net/quic/quic_client.h"

#include <openssl/rand.h>

namespace ferry::net {

using boost::asio::ip::udp;

Result<std::unique_ptr<QuicClient>> QuicClient::Connect(boost::asio::io_context& io,
                                                        const udp::endpoint& remote,
                                                        const std::string& server_name,
                                                        std::shared_ptr<const QuicTlsContext> tls,
                                                        const QuicConfig& config,
                                                        const QuicHandlerFactory& factory) {
  std::unique_ptr<QuicClient> client(new QuicClient(io, remote));
  auto socket = client->OpenSocket();
  if (!socket) return std::unexpected(socket.error());
  QuicSecret secret;
  RAND_bytes(secret.data(), static_cast<int>(secret.size()));
  client->endpoint_ = std::make_unique<QuicEndpoint>(io, std::move(*socket), config, secret,
                                                     WorkerSlot{}, client->counters_, nullptr);
  auto connection = QuicConnection::Connect(*client->endpoint_, UdpAddress::From(remote),
                                            server_name, std::move(tls), factory);
  if (!connection) {
    return Fail(ErrorCode::kInvalidArgument, "cannot begin a connection to " + server_name);
  }
  client->endpoint_->Add(std::move(connection));
  return client;
}

Result<void> QuicClient::Rebind() {
  auto socket = OpenSocket();
  if (!socket) return std::unexpected(socket.error());
  endpoint_->ReplaceSocket(std::move(*socket));
  return {};
}

Result<std::unique_ptr<UdpSocket>> QuicClient::OpenSocket() {
  return UdpSocket::Open(io_, udp::endpoint(remote_.protocol(), 0), {}, counters_);
}

}  // namespace ferry::net

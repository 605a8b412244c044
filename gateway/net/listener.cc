#include "gateway/net/listener.h"

#include <netinet/tcp.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include "gateway/net/endpoint_answers.h"
#include "gateway/net/socket_deadline.h"
#include "net/address_text.h"

namespace ferry::gateway {
namespace {

namespace http = boost::beast::http;
using asio::ip::tcp;
using net::AddressText;
using net::ByteStream;

std::string_view View(boost::beast::string_view text) { return {text.data(), text.size()}; }

// What is awaited on the stream ends with an error.
std::function<void()> Closing(ByteStream& stream) {
  return [&stream] {
    error_code ignored;
    stream.socket().close(ignored);
  };
}

bool IsEndpoint(const HttpRequest& request) {
  return TargetPath(View(request.target())) == kWebSocketPath;
}

bool IsRead(const HttpRequest& request) {
  return request.method() == http::verb::get || request.method() == http::verb::head;
}

}  // namespace

Listener::Listener(asio::io_context& io, const ListenerShared& shared, const ListenerLimits& limits,
                   size_t workers, HttpHandler& http_handler, net::HandlerFactory sessions,
                   Metrics& metrics, spdlog::logger& log, Carrier carrier)
    : io_(io),
      shared_(shared),
      limits_(limits),
      http_(http_handler),
      sessions_(std::move(sessions)),
      metrics_(metrics),
      log_(log),
      carrier_(carrier),
      acceptor_(io),
      half_open_(ConnectionBudget::Share(limits.max_half_open, workers), metrics.half_open,
                 metrics.half_open_cut),
      http_connections_(ConnectionBudget::Share(limits.max_http_connections, workers),
                        metrics.http_connections, metrics.http_connections_cut) {}

Result<void> Listener::Start(const std::string& address, uint16_t port) {
  error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) {
    return Fail(ErrorCode::kInvalidArgument,
                "cannot listen on \"" + address + "\": not an address");
  }
  auto bound = Bind({ip, port});
  // A host without IPv6.
  if (!bound && ip == asio::ip::address_v6::any()) bound = Bind({asio::ip::address_v4(), port});
  if (!bound) return bound;
  port_ = acceptor_.local_endpoint().port();
  asio::co_spawn(
      io_, [this] { return Accept(); }, asio::detached);
  return {};
}

Result<void> Listener::Bind(const tcp::endpoint& endpoint) {
  error_code error;
  acceptor_.close(error);
  acceptor_.open(endpoint.protocol(), error);
  if (!error && endpoint.address().is_v6()) acceptor_.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  const int on = 1;
  if (!error &&
      setsockopt(acceptor_.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) {
    error.assign(errno, boost::system::system_category());
  }
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (!error) return {};
  return Fail(ErrorCode::kInvalidArgument, "cannot listen on " + endpoint.address().to_string() +
                                               " port " + std::to_string(endpoint.port()) + ": " +
                                               error.message());
}

void Listener::Stop() {
  stopped_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  half_open_.CloseAll();
  http_connections_.CloseAll();
}

asio::awaitable<void> Listener::Accept() {
  while (!stopped_) {
    error_code error;
    Socket socket = co_await acceptor_.async_accept(Into(error));
    if (stopped_) co_return;
    if (error) {
      // Out of descriptors or the like: wait for some to come back rather than spin.
      log_.warn("event=accept-failed error=\"{}\"", error.message());
      if (IsShortage(error)) http_connections_.CutOldest();
      asio::steady_timer pause(io_, std::chrono::milliseconds(100));
      co_await pause.async_wait(Into(error));
      continue;
    }
    // What it throws would end the coroutine, and with it the accepting.
    try {
      OnAccepted(std::move(socket));
    } catch (const std::exception&) {
      LogThrown(std::current_exception());
    }
  }
}

void Listener::OnAccepted(Socket socket) {
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return;
  // As IPv4 where it is that, mapped or not.
  const asio::ip::address peer = ToAsio(ToIpAddress(endpoint.address()));
  const bool charged = ConnectionClient::IsCharged(peer, shared_.proxies);
  if (carrier_ == Carrier::kPlain && charged && !peer.is_loopback()) {
    Refuse(RefusedBecause::kPlainAddress, peer,
           "plain-listen serves this machine and trusted-proxies alone");
    return;
  }
  // Refused before TLS, whose handshake is what costs.
  if (charged && !shared_.addresses.Admit(peer)) return;
  asio::co_spawn(
      io_,
      [this, peer, accepted = std::move(socket)]() mutable {
        return Serve(std::move(accepted), peer);
      },
      [this](const std::exception_ptr& thrown) { LogThrown(thrown); });
}

void Listener::Refuse(RefusedBecause reason, const asio::ip::address& peer, std::string_view why) {
  shared_.addresses.CountRefusal(reason);
  const bool first = refusals_logged_.insert(reason).second;
  log_.log(first ? spdlog::level::warn : spdlog::level::debug,
           "event=connection-refused reason={} remote={} why={:?}", Name(reason), AddressText(peer),
           why);
}

// What is thrown while one connection is served ends that connection, and no other.
void Listener::LogThrown(const std::exception_ptr& thrown) {
  if (!thrown) return;
  metrics_.failures.Add();
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& error) {
    log_.error("event=connection-failed error={:?}", error.what());
  }
}

asio::awaitable<void> Listener::Serve(Socket socket, asio::ip::address peer) {
  struct Counted {
    explicit Counted(Metrics& one) : metrics(one) { metrics.connections.Add(1); }
    ~Counted() { metrics.connections.Add(-1); }
    Metrics& metrics;
  };
  const Counted counted(metrics_);
  metrics_.connections_total.Add();
  ConnectionClient client(shared_.addresses, shared_.proxies, peer);
  error_code error;
  socket.set_option(tcp::no_delay(true), error);
  const int unsent = kMaxUnsentKernelBytes;
  setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
  ByteStream stream(std::move(socket));
  const auto begin = co_await Open(stream, client);
  if (!begin) co_return;
  Slots slots;
  client.Open(slots.address);
  // What HTTP needed is gone while the WebSocket lives.
  const auto connection = co_await ServeHttp(stream, client, slots, *begin);
  if (connection) co_await connection->Run(sessions_);
}

asio::awaitable<std::optional<std::string>> Listener::Open(ByteStream& stream,
                                                           ConnectionClient& client) {
  const ConnectionBudget::Place place(half_open_, Closing(stream));
  auto begin = co_await ReadPreface(stream, client);
  if (!begin || stopped_ || carrier_ == Carrier::kPlain) co_return begin;
  const auto identity = shared_.certificates.current();
  stream.StartTls(*identity->tls);
  if (!co_await Handshake(stream, client.address()) || stopped_) co_return std::nullopt;
  co_return begin;
}

asio::awaitable<std::optional<std::string>> Listener::ReadPreface(ByteStream& stream,
                                                                  ConnectionClient& client) {
  SocketDeadline deadline(stream.socket());
  deadline.ExpireAfter(limits_.handshake_timeout);
  const asio::ip::address peer = client.address();
  auto preface = co_await ReadProxyPreface(stream.socket(), peer, shared_.proxies);
  if (preface) {
    if (preface->named && !client.Name(preface->client)) co_return std::nullopt;
    // No TLS begins like a header: what was read is lost to it, and would be refused by it.
    if (preface->begin.empty() || carrier_ == Carrier::kPlain) co_return preface->begin;
    metrics_.tls_failures.Add();
    co_return std::nullopt;
  }
  const Error& error = preface.error();
  if (error.code == ErrorCode::kNotFound) {
    // As where it ends in mid handshake.
    if (carrier_ == Carrier::kTls) metrics_.tls_failures.Add();
  } else if (error.code == ErrorCode::kMalformed) {
    Refuse(RefusedBecause::kProxyMalformed, peer, "of its PROXY header: " + error.message);
  } else {
    Refuse(RefusedBecause::kProxyUntrusted, peer, "a PROXY header came: " + error.message);
  }
  co_return std::nullopt;
}

asio::awaitable<bool> Listener::Handshake(ByteStream& stream, const asio::ip::address& remote) {
  SocketDeadline deadline(stream.socket());
  deadline.ExpireAfter(limits_.handshake_timeout);
  error_code error;
  co_await stream.tls()->async_handshake(asio::ssl::stream_base::server, Into(error));
  if (!error) co_return true;
  metrics_.tls_failures.Add();
  log_.debug("event=tls-failed remote={} error=\"{}\"", AddressText(remote), error.message());
  co_return false;
}

asio::awaitable<std::shared_ptr<net::WebSocketConnection>> Listener::ServeHttp(
    ByteStream& stream, ConnectionClient& client, Slots& slots, const std::string& begin) {
  ConnectionBudget::Place place(http_connections_, Closing(stream));
  HttpConnection connection(stream, http_, limits_.http_idle_timeout, metrics_,
                            &shared_.proxies.path_prefix, begin);
  for (bool again = true; again && !stopped_;) {
    place.Idle();
    auto request = co_await connection.Read();
    if (!request) break;
    place.Busy();
    NoteIgnored(client, *request);
    if (auto answer = co_await Answer(connection, *request, client, slots)) {
      again = co_await connection.Write(std::move(*answer));
      continue;
    }
    std::string accepted = net::UpgradeResponse(*request);
    if (!co_await connection.WriteUpgrade(std::move(accepted)) || stopped_) break;
    co_return std::make_shared<net::WebSocketConnection>(
        std::move(stream), net::WebSocketRole::kServer, AddressText(client.address()),
        connection.rest());
  }
  co_await connection.Close(limits_.handshake_timeout);
  co_return nullptr;
}

asio::awaitable<std::optional<HttpResponse>> Listener::Answer(HttpConnection& connection,
                                                              HttpRequest& request,
                                                              ConnectionClient& client,
                                                              Slots& slots) {
  if (!client.Request(slots.address, request)) co_return TooManyConnections(client, request);
  auto here = AnswerHere(request, connection.slashed(), client, slots);
  // Paid for by the connection, which it takes as a whole.
  if (!here && IsEndpoint(request) && IsRead(request)) co_return std::nullopt;
  if (!shared_.addresses.TakeRequest(AddressKey::Of(client.address()))) {
    metrics_.http_rate.Add();
    co_return TooManyRequests();
  }
  if (here) co_return here;
  HttpContext context{.remote = client.address()};
  co_return co_await connection.Ask(std::move(request), std::move(context));
}

std::optional<HttpResponse> Listener::AnswerHere(const HttpRequest& request,
                                                 const std::string& slashed,
                                                 const ConnectionClient& client, Slots& slots) {
  if (!slashed.empty()) return MovedTo(slashed);
  if (!IsEndpoint(request) || !IsRead(request)) return std::nullopt;
  const bool upgrade = net::IsWebSocketUpgrade(request);
  const std::string origin = RequestOrigin(request);
  if (!shared_.origins.Allows(origin)) {
    if (upgrade) shared_.addresses.CountRefusal(RefusedBecause::kOrigin);
    return OriginNotAllowed(origin);
  }
  if (!upgrade) {
    NoteLackingUpgrade(client, request);
    return UpgradeRequired(request);
  }
  if (!shared_.addresses.Connect(slots.client)) return GatewayFull();
  return std::nullopt;
}

// Once: to him who has put the gateway behind a proxy and not told it.
void Listener::NoteIgnored(const ConnectionClient& client, const HttpRequest& request) {
  if (ignoring_logged_ || !client.Ignores(request)) return;
  ignoring_logged_ = true;
  log_.warn("event=forwarded-for-ignored remote={} why=\"not among trusted-proxies\"",
            AddressText(client.address()));
}

// Once, as well.
void Listener::NoteLackingUpgrade(const ConnectionClient& client, const HttpRequest& request) {
  if (lacking_upgrade_logged_ || !LacksUpgrade(request)) return;
  lacking_upgrade_logged_ = true;
  log_.warn("event=upgrade-lost remote={} why=\"a proxy does not pass on Upgrade and Connection\"",
            AddressText(client.address()));
}

}  // namespace ferry::gateway

#include "gateway/testing/test_client.h"

#ifdef FERRY_WITH_WEBTRANSPORT
#include "net/webtransport/webtransport_client.h"
#endif

namespace ferry::gateway::testing {

#ifdef FERRY_WITH_WEBTRANSPORT

namespace {

class WebTransportTestClient final : public TestClient,
                                     public std::enable_shared_from_this<WebTransportTestClient> {
 public:
  WebTransportTestClient(asio::io_context& io, uint16_t port, Options options)
      : io_(io), port_(port), options_(std::move(options)) {}

  void Start() override {
    asio::co_spawn(
        io_, [self = shared_from_this()] { return self->Run(); }, asio::detached);
  }
  void Close(uint16_t code) override {
    closing_ = true;
    if (connection_ != nullptr) connection_->Close(code, "");
  }
  void Abort() override {
    if (connection_ != nullptr) connection_->Abort();
  }

 private:
  class Handler final : public net::ConnectionHandler {
   public:
    Handler(std::shared_ptr<WebTransportTestClient> client, net::Connection& connection)
        : client_(std::move(client)) {
      client_->connection_ = &connection;
      client_->open = true;
    }
    ~Handler() override { client_->connection_ = nullptr; }
    void OnControl(std::string_view message) override {
      client_->Received(true, {reinterpret_cast<const uint8_t*>(message.data()), message.size()});
    }
    void OnMedia(ByteSpan packet) override { client_->Received(false, packet); }
    bool NextFrame(net::OutgoingFrame& frame) override {
      auto& out = client_->out_;
      while (!out.empty()) {
        sending_ = std::move(out.front());
        out.pop_front();
        if (client_->closing_ && !sending_.text) continue;
        frame.control = sending_.text;
        frame.bytes = sending_.bytes;
        return true;
      }
      return false;
    }
    void OnClosed(const net::ConnectionEnd& end) override {
      client_->close_code = end.code;
      client_->close_reason = end.reason;
      client_->closed = true;
    }

   private:
    const std::shared_ptr<WebTransportTestClient> client_;
    Frame sending_;
  };

  void Queue(Frame frame) override {
    out_.push_back(std::move(frame));
    if (connection_ != nullptr) connection_->Wake();
  }

  // No lambda and no temporaries among the arguments of what it awaits: GCC 12 destroys such twice.
  asio::awaitable<void> Run() {
    const auto self = shared_from_this();
    std::string host = "127.0.0.1";
    std::string path = options_.path;
    net::TlsOptions tls;
    tls.pinned = options_.pinned;
    tls.insecure = tls.pinned.empty();
    net::QuicConfig config;
    const auto connected = co_await net::ConnectWebTransport(
        io_, std::move(host), port_, std::move(tls), std::move(path), config);
    if (!connected) {
      failed = true;
      co_return;
    }
    const std::shared_ptr<net::WebTransportClient> client = *connected;
    net::HandlerFactory make_handler = [self](net::Connection& connection) {
      return std::make_unique<Handler>(self, connection);
    };
    co_await client->Run(std::move(make_handler));
  }

  asio::io_context& io_;
  const uint16_t port_;
  const Options options_;
  net::Connection* connection_ = nullptr;  // while it is open
  bool closing_ = false;
  std::deque<Frame> out_;
};

}  // namespace

std::shared_ptr<TestClient> MakeWebTransportTestClient(asio::io_context& io, uint16_t port,
                                                       const TestClient::Options& options) {
  return std::make_shared<WebTransportTestClient>(io, port, options);
}

#else

std::shared_ptr<TestClient> MakeWebTransportTestClient(asio::io_context&, uint16_t,
                                                       const TestClient::Options&) {
  return nullptr;
}

#endif

}  // namespace ferry::gateway::testing

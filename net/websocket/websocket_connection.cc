#include "net/websocket/websocket_connection.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace ferry::net {
namespace {

// A timer that only ever ends by being cancelled.
constexpr auto kNever = std::chrono::steady_clock::time_point::max();

// Buffers of connections that write nothing just now, for those that do: an idle connection has
// none, and a busy one does not allocate. One pool a thread, because connections do not move.
class BufferPool {
 public:
  static BufferPool& OfThisThread() {
    thread_local BufferPool pool;
    return pool;
  }
  std::vector<uint8_t> Take() {
    std::vector<uint8_t> buffer;
    if (!free_.empty()) {
      buffer = std::move(free_.back());
      free_.pop_back();
    } else {
      buffer.reserve(kCapacity);
    }
    return buffer;
  }
  // What grew for a long control message is not kept.
  void Give(std::vector<uint8_t> buffer) {
    if (buffer.capacity() != kCapacity || free_.size() == kMaxFree) return;
    buffer.clear();
    free_.push_back(std::move(buffer));
  }

 private:
  static constexpr size_t kCapacity = WebSocketConnection::kBatchBytes;
  // 1 MiB a thread: as many as write in one turn of a busy event loop.
  static constexpr size_t kMaxFree = 64;
  std::vector<std::vector<uint8_t>> free_;
};

std::string_view AsText(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

WebSocketConnection::WebSocketConnection(ByteStream stream, WebSocketRole role,
                                         std::string remote_address, ByteSpan received)
    : stream_(std::move(stream)),
      role_(role),
      remote_address_(std::move(remote_address)),
      reader_(role, kMaxMessageBytes, received),
      written_(stream_.get_executor(), kNever),
      close_timer_(stream_.get_executor()) {}

asio::awaitable<void> WebSocketConnection::Run(HandlerFactory make_handler) {
  const auto self = shared_from_this();
  // Whatever the handler throws ends the connection too.
  struct CutOffAtEnd {
    ~CutOffAtEnd() { connection.CutOff(); }
    WebSocketConnection& connection;
  };
  const CutOffAtEnd cut_off{*this};
  handler_ = make_handler(*this);
  Wake();
  const ConnectionEnd end = co_await Read();
  ended_ = true;
  if (failure_) std::rethrow_exception(failure_);
  // The answer to the peer's close frame, or the one that says what was wrong, still goes out.
  StartCloseTimer();
  Wake();
  handler_->OnClosed(end);
  error_code error;
  while (flush_posted_ || writing_) co_await written_.async_wait(Into(error));
  if (close_sent_ && !write_failed_) co_await stream_.Shutdown(error);
  if (!end.clean) co_await Linger();
  close_timer_.cancel();
  handler_.reset();
}

asio::awaitable<ConnectionEnd> WebSocketConnection::Read() {
  for (;;) {
    while (const auto event = reader_.Next()) {
      if (auto end = Dispatch(*event)) co_return std::move(*end);
    }
    error_code error;
    if (!co_await ReadSome(error)) co_return ConnectionEnd{false, 0, error.message()};
  }
}

asio::awaitable<bool> WebSocketConnection::ReadSome(error_code& error) {
  MutableByteSpan space = reader_.Space();
  size_t size =
      co_await stream_.async_read_some(asio::buffer(space.data(), space.size()), Into(error));
  if (error) co_return false;
  // Asio gives one TLS record at a time, and many senders put each message into its own: take what
  // has been received already. An error is left for the next read to report.
  if (TlsStream* tls = stream_.tls()) {
    while (size < space.size()) {
      const int more = SSL_read(tls->native_handle(), space.data() + size,
                                static_cast<int>(space.size() - size));
      if (more <= 0) break;
      size += static_cast<size_t>(more);
    }
    ERR_clear_error();
  }
  reader_.Received(size);
  co_return true;
}

std::optional<ConnectionEnd> WebSocketConnection::Dispatch(const FrameReader::Event& event) {
  using Kind = FrameReader::Kind;
  switch (event.kind) {
    case Kind::kText:
      handler_->OnControl(AsText(event.payload));
      break;
    case Kind::kBinary:
      handler_->OnMedia(event.payload);
      break;
    case Kind::kPing:
      // RFC 6455 §5.5.3: of several pings not yet answered, the last needs an answer.
      pong_.clear();
      AppendFrame(pong_, Opcode::kPong, event.payload, NextMask());
      Wake();
      break;
    case Kind::kPong:
      break;
    case Kind::kClose: {
      const bool coded = event.code != kCloseNoCode;
      std::string reason(AsText(event.payload));
      if (reason.empty()) {
        reason = coded ? "closed with code " + std::to_string(event.code) : "closed without a code";
      }
      if (!close_) close_ = CloseFrame{coded ? event.code : uint16_t{1000}, ""};
      return ConnectionEnd{true, coded ? event.code : uint16_t{0}, std::move(reason)};
    }
    case Kind::kError: {
      // Who has been given another reason already hears of this one no more.
      const uint16_t fault = close_ ? uint16_t{0} : event.code;
      if (!close_) close_ = CloseFrame{event.code, std::string(AsText(event.payload))};
      return ConnectionEnd{false, 0, std::string(AsText(event.payload)), fault};
    }
  }
  return std::nullopt;
}

// A socket closed with bytes unread is reset, and the peer may never see the close frame that told
// it what was wrong: read what is under way, for a short while.
asio::awaitable<void> WebSocketConnection::Linger() {
  auto& socket = stream_.socket();
  error_code error;
  socket.shutdown(asio::socket_base::shutdown_send, error);
  std::array<char, 4096> discarded;
  while (!error) co_await socket.async_receive(asio::buffer(discarded), Into(error));
}

void WebSocketConnection::Wake() {
  if (flush_posted_ || writing_) return;
  flush_posted_ = true;
  asio::post(stream_.get_executor(), [self = shared_from_this()] {
    self->flush_posted_ = false;
    self->Flush();
  });
}

void WebSocketConnection::Flush() {
  if (writing_) return;
  if (!write_failed_) GatherOrFail();
  if (out_.empty()) {
    BufferPool::OfThisThread().Give(std::exchange(out_, {}));
    written_.cancel();
    return;
  }
  writing_ = true;
  asio::async_write(
      stream_, asio::buffer(out_),
      [self = shared_from_this()](const error_code& error, size_t) { self->OnWritten(error); });
}

// What the handler throws ends this connection, as it does where it reads, and no other.
void WebSocketConnection::GatherOrFail() {
  try {
    Gather();
  } catch (...) {
    out_.clear();
    write_failed_ = true;
    failure_ = std::current_exception();
    CutOff();  // ends the reader, whose end throws it on
  }
}

void WebSocketConnection::Gather() {
  if (out_.capacity() == 0) out_ = BufferPool::OfThisThread().Take();
  if (close_sent_) return;
  if (!pong_.empty()) {
    out_.insert(out_.end(), pong_.begin(), pong_.end());
    pong_.clear();
  }
  OutgoingFrame frame;
  constexpr size_t kRoom = kBatchBytes - kMaxMediaBytes - kMaxFrameHeader;
  bool more = !ended_;
  while (more && out_.size() <= kRoom) {
    more = handler_->NextFrame(frame);
    if (more) {
      AppendFrame(out_, frame.control ? Opcode::kText : Opcode::kBinary, frame.bytes, NextMask());
    }
  }
  if (more || !close_) return;
  AppendClose(out_, close_->code, close_->reason, NextMask());
  close_sent_ = true;
}

void WebSocketConnection::OnWritten(const error_code& error) {
  writing_ = false;
  out_.clear();
  if (error) {
    write_failed_ = true;
    CutOff();  // ends the reader too
  }
  Flush();
}

void WebSocketConnection::Close(uint16_t code, std::string_view reason) {
  if (close_ || ended_) return;
  close_ = CloseFrame{code, std::string(reason)};
  Wake();
  StartCloseTimer();
}

void WebSocketConnection::StartCloseTimer() {
  if (std::exchange(close_timer_started_, true)) return;
  close_timer_.expires_after(kCloseTimeout);
  close_timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error) self->CutOff();
  });
}

void WebSocketConnection::CutOff() {
  error_code ignored;
  stream_.socket().close(ignored);
}

const MaskingKey* WebSocketConnection::NextMask() {
  if (role_ == WebSocketRole::kServer) return nullptr;
  if (masks_left_ == 0) {
    RAND_bytes(masks_[0].data(), sizeof(masks_));
    masks_left_ = masks_.size();
  }
  return &masks_[--masks_left_];
}

}  // namespace ferry::net

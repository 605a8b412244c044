// One end of a QUIC connection without packets: what is written goes to the other end's inbox, or
// is only noted when there is none.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/quic/quic_session.h"

namespace ferry::net {

class FakeQuic : public QuicSession {
 public:
  struct Sent {
    std::vector<uint8_t> bytes;
    bool fin = false;
    std::optional<uint64_t> reset;
    std::optional<uint64_t> stop_sending;
  };

  explicit FakeQuic(bool server) : server_(server) {}

  // The two ends of one connection.
  static void Connect(FakeQuic& a, FakeQuic& b) {
    a.other_ = &b;
    b.other_ = &a;
  }

  std::optional<int64_t> OpenBidi() override { return Open(bidi_credit, next_bidi_, 0); }
  std::optional<int64_t> OpenUni() override { return Open(uni_credit, next_uni_, 2); }

  bool Write(int64_t stream, ByteSpan bytes, bool fin) override {
    Sent& out = sent[stream];
    if (out.fin || out.reset || closed || refuse_writes) return false;
    out.bytes.insert(out.bytes.end(), bytes.begin(), bytes.end());
    out.fin = fin;
    // In pieces of `chunk` bytes, as packets would cut it.
    while (bytes.size() > chunk) {
      Tell({.kind = Event::kData, .stream = stream, .bytes = Copy(bytes.first(chunk))});
      bytes = bytes.subspan(chunk);
    }
    Tell({.kind = Event::kData, .stream = stream, .bytes = Copy(bytes), .fin = fin});
    if (fin) SendDone(stream);
    return true;
  }
  size_t unsent(int64_t) const override { return 0; }
  void ResetStream(int64_t stream, uint64_t code) override {
    Sent& out = sent[stream];
    if (out.fin || out.reset) return;
    out.reset = code;
    Tell({.kind = Event::kReset, .stream = stream, .code = code});
    SendDone(stream);
  }
  void StopSending(int64_t stream, uint64_t code) override {
    if (std::exchange(sent[stream].stop_sending, code)) return;
    Tell({.kind = Event::kStopSending, .stream = stream, .code = code});
  }
  void Consumed(int64_t stream, size_t bytes) override { consumed[stream] += bytes; }
  void SetDatagramSource(bool ready) override { datagram_source = ready; }
  size_t max_datagram_size() const override { return datagram_size; }
  void Close(uint64_t error, std::string_view why) override {
    if (closed) return;
    closed = error;
    reason = why;
    Tell({.kind = Event::kClosed});
    inbox_.push_back({.kind = Event::kClosed});
  }

  // Hands over what has come; true when there was anything. Writes datagrams first.
  bool Deliver() {
    bool any = PullDatagrams();
    while (!inbox_.empty() && !gone_) {
      const Event event = std::move(inbox_.front());
      inbox_.pop_front();
      Hear(event);
      any = true;
    }
    return any;
  }
  // Until both ends have nothing to say.
  void Run() {
    bool any = true;
    while (any) {
      any = Deliver();
      any |= other_->Deliver();
    }
  }

  QuicSessionHandler* handler = nullptr;
  size_t bidi_credit = 100;
  size_t uni_credit = 100;
  size_t datagram_size = 1200;
  size_t chunk = 1200;
  bool refuse_writes = false;

  std::map<int64_t, Sent> sent;
  std::map<int64_t, size_t> consumed;
  std::optional<uint64_t> closed;  // with this error
  std::string reason;
  bool datagram_source = false;

 private:
  struct Event {
    enum Kind { kData, kReset, kStopSending, kStreamClosed, kDatagram, kClosed };
    Kind kind = kData;
    int64_t stream = 0;
    std::vector<uint8_t> bytes;
    bool fin = false;
    uint64_t code = 0;
  };
  struct Done {
    bool send = false;
    bool receive = false;
  };

  static std::vector<uint8_t> Copy(ByteSpan bytes) { return {bytes.begin(), bytes.end()}; }

  std::optional<int64_t> Open(size_t& credit, int64_t& next, int64_t kind) {
    if (credit == 0 || closed) return std::nullopt;
    --credit;
    const int64_t id = 4 * next++ + kind + (server_ ? 1 : 0);
    done_[id].receive = kind != 0;
    return id;
  }
  void Tell(Event event) {
    if (other_ != nullptr) other_->inbox_.push_back(std::move(event));
  }
  // A stream of the other end that has only one direction has nothing to send.
  Done& DoneOf(int64_t stream) {
    const auto [it, added] = done_.try_emplace(stream);
    if (added && (stream & 2) != 0) it->second.send = true;
    return it->second;
  }
  void SendDone(int64_t stream) {
    DoneOf(stream).send = true;
    CloseIfDone(stream);
  }
  void ReceiveDone(int64_t stream) {
    DoneOf(stream).receive = true;
    CloseIfDone(stream);
  }
  void CloseIfDone(int64_t stream) {
    const Done& done = DoneOf(stream);
    if (done.send && done.receive && other_ != nullptr) {
      inbox_.push_back({.kind = Event::kStreamClosed, .stream = stream});
    }
  }
  bool PullDatagrams() {
    bool any = false;
    std::array<ByteSpan, 2> parts;
    while (datagram_source && !closed && handler->NextDatagram(parts)) {
      std::vector<uint8_t> bytes = Copy(parts[0]);
      bytes.insert(bytes.end(), parts[1].begin(), parts[1].end());
      if (bytes.size() <= datagram_size) {
        Tell({.kind = Event::kDatagram, .bytes = std::move(bytes)});
      }
      any = true;
    }
    datagram_source = false;
    return any;
  }
  void Hear(const Event& event) {
    switch (event.kind) {
      case Event::kData:
        handler->OnStreamData(event.stream, event.bytes, event.fin);
        if (event.fin) ReceiveDone(event.stream);
        break;
      case Event::kReset:
        handler->OnStreamReset(event.stream, event.code);
        ReceiveDone(event.stream);
        break;
      case Event::kStopSending:
        handler->OnStopSending(event.stream, event.code);
        ResetStream(event.stream, event.code);
        break;
      case Event::kStreamClosed:
        handler->OnStreamClosed(event.stream);
        break;
      case Event::kDatagram:
        handler->OnDatagram(event.bytes);
        break;
      case Event::kClosed:
        gone_ = true;
        handler->OnClosed({});
        break;
    }
  }

  bool server_;
  bool gone_ = false;
  FakeQuic* other_ = nullptr;
  int64_t next_bidi_ = 0;
  int64_t next_uni_ = 0;
  std::map<int64_t, Done> done_;
  std::deque<Event> inbox_;
};

}  // namespace ferry::net

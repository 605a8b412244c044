// A session's owner that notes what it hears, and answers as it was told.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/h3/webtransport_session.h"

namespace ferry::net {

class RecordingSession : public WebTransportSessionHandler {
 public:
  struct Incoming {
    std::string bytes;
    bool fin = false;
    bool closed = false;
    bool has_reset = false;
    std::optional<uint32_t> reset;
    std::optional<uint32_t> stop_sending;
  };

  RecordingSession(QuicSession& quic, EndpointRole role) : session(quic, role, *this, counters) {}

  ConnectAnswer OnRequest(const ConnectRequest& asked) override {
    request = asked;
    return answer;
  }
  void OnReady(std::string_view chosen) override {
    ready = true;
    protocol = chosen;
  }
  void OnRefused(unsigned status) override { refused = status; }
  void OnStreamOpened(int64_t stream) override { opened.push_back(stream); }
  void OnStreamData(int64_t stream, ByteSpan bytes, bool fin) override {
    streams[stream].bytes.append(bytes.begin(), bytes.end());
    streams[stream].fin |= fin;
    session.Consumed(stream, bytes.size());
  }
  void OnStreamReset(int64_t stream, std::optional<uint32_t> code) override {
    streams[stream].has_reset = true;
    streams[stream].reset = code;
  }
  void OnStopSending(int64_t stream, std::optional<uint32_t> code) override {
    streams[stream].stop_sending = code;
  }
  void OnStreamClosed(int64_t stream) override { streams[stream].closed = true; }
  void OnStreamWritable(int64_t stream) override { writable.push_back(stream); }
  void OnStreamCredit() override { ++credits; }
  void OnDatagram(ByteSpan payload) override {
    datagrams.emplace_back(payload.begin(), payload.end());
  }
  bool NextDatagram(ByteSpan& payload) override {
    if (outgoing.empty()) return false;
    current = std::move(outgoing.front());
    outgoing.pop_front();
    payload = ByteSpan(reinterpret_cast<const uint8_t*>(current.data()), current.size());
    return true;
  }
  void OnSessionEnded(const SessionEnd& how) override { ended = how; }
  void OnConnectionClosed(const ConnectionEnd&) override { closed = true; }

  QuicCounters counters;
  WebTransportSession session;
  ConnectAnswer answer;

  std::optional<ConnectRequest> request;
  bool ready = false;
  std::string protocol;
  std::optional<unsigned> refused;
  std::vector<int64_t> opened;
  std::map<int64_t, Incoming> streams;
  std::vector<int64_t> writable;
  int credits = 0;
  std::vector<std::string> datagrams;
  std::deque<std::string> outgoing;
  std::string current;
  std::optional<SessionEnd> ended;
  bool closed = false;
};

}  // namespace ferry::net

// The two neighbours of a session as a fuzzer has them: both check that the session keeps to what
// their interfaces say of it, in whatever order things happen.
#pragma once

#include <set>
#include <string_view>

#include "core/base/testing/check.h"
#include "net/h3/testing/fake_quic.h"
#include "net/h3/testing/recording_session.h"

namespace ferry::net {

// QUIC, which must not be asked for anything once it has been told to close.
class StrictQuic final : public FakeQuic {
 public:
  using FakeQuic::FakeQuic;

  bool Write(int64_t stream, ByteSpan bytes, bool fin) override {
    Check(!closed);
    return FakeQuic::Write(stream, bytes, fin);
  }
  void ResetStream(int64_t stream, uint64_t code) override {
    Check(!closed);
    FakeQuic::ResetStream(stream, code);
  }
  void StopSending(int64_t stream, uint64_t code) override {
    Check(!closed);
    FakeQuic::StopSending(stream, code);
  }
};

// An owner, which hears of streams and datagrams only while its session is open, and of nothing
// after OnConnectionClosed.
class StrictSession final : public RecordingSession {
 public:
  using RecordingSession::RecordingSession;

  std::optional<int64_t> Open(bool unidirectional) {
    const auto stream = unidirectional ? session.OpenUni() : session.OpenBidi();
    if (stream) Check(known_.insert(*stream).second);
    return stream;
  }

  ConnectAnswer OnRequest(const ConnectRequest& asked) override {
    Check(!request && !ready && !closed);
    Check(asked.protocols.size() <= kMaxOfferedProtocols);
    Check(asked.authority.size() + asked.path.size() + asked.origin.size() <= kMaxHeaderBytes);
    return RecordingSession::OnRequest(asked);
  }
  void OnReady(std::string_view chosen) override {
    Check(session.open() && !ready && !refused && !closed);
    RecordingSession::OnReady(chosen);
  }
  void OnRefused(unsigned status) override {
    Check(!ready && !refused && !closed && status <= 999);
    RecordingSession::OnRefused(status);
  }
  void OnStreamOpened(int64_t stream) override {
    Check(ready && session.open() && known_.insert(stream).second);
    RecordingSession::OnStreamOpened(stream);
  }
  void OnStreamData(int64_t stream, ByteSpan bytes, bool fin) override {
    CheckHas(stream);
    Check(!streams[stream].fin && !streams[stream].has_reset);
    RecordingSession::OnStreamData(stream, bytes, fin);
  }
  void OnStreamReset(int64_t stream, std::optional<uint32_t> code) override {
    CheckHas(stream);
    RecordingSession::OnStreamReset(stream, code);
  }
  void OnStopSending(int64_t stream, std::optional<uint32_t> code) override {
    CheckHas(stream);
    RecordingSession::OnStopSending(stream, code);
  }
  void OnStreamClosed(int64_t stream) override {
    CheckHas(stream);
    known_.erase(stream);
    RecordingSession::OnStreamClosed(stream);
  }
  void OnStreamWritable(int64_t stream) override {
    CheckHas(stream);
    RecordingSession::OnStreamWritable(stream);
  }
  void OnStreamCredit() override {
    Check(ready && session.open());
    RecordingSession::OnStreamCredit();
  }
  void OnDatagram(ByteSpan payload) override {
    Check(ready && session.open());
    RecordingSession::OnDatagram(payload);
  }
  void OnSessionEnded(const SessionEnd& how) override {
    Check(ready && session.over() && !ended && !closed);
    Check(how.reason.size() <= kMaxCloseReasonBytes);
    RecordingSession::OnSessionEnded(how);
  }
  void OnConnectionClosed(const ConnectionEnd& end) override {
    Check(session.over() && !closed);
    RecordingSession::OnConnectionClosed(end);
  }

 private:
  void CheckHas(int64_t stream) const { Check(session.open() && known_.contains(stream)); }

  std::set<int64_t> known_;  // opened by either side, and not closed
};

}  // namespace ferry::net

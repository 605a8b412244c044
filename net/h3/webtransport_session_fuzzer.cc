// A whole session, server's or client's, told any order of stream and datagram events, and used by
// an owner meanwhile. Whatever comes: what is kept for the other side stays within each bound that
// the headers name, no more credit is given back than bytes came and none is lost, every datagram
// is heard or counted, and both neighbours are treated as their interfaces say (strict_session.h).
//
// The first byte chooses the role and whether the session is open from the start; then one byte
// chooses each event, and the next its stream. Some events stand for many, so that a short input
// reaches every bound.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "net/h3/testing/bytes.h"
#include "net/h3/testing/strict_session.h"

namespace {

using namespace ferry;
using namespace ferry::net;

// What one input may make of the repeating events, so that it ends soon.
constexpr size_t kMaxTotalBytes = 1 << 20;
constexpr size_t kMaxPieces = 20'000;

class Fuzzed {
 public:
  Fuzzed(EndpointRole role, bool open)
      : server_(role == EndpointRole::kServer), quic_(server_), owner_(quic_, role) {
    quic_.handler = &owner_.session.quic_handler();
    owner_.session.Connect({.authority = "x", .path = "/"});
    quic_.handler->OnHandshakeDone();
    if (!open) return;
    const ByteVector settings = Tlv(0x4, OurSettings());
    Data(server_ ? 2 : 3, Concat({Varints({0}), settings}), false);
    const ByteVector head =
        server_ ? EncodeConnect({.authority = "x", .path = "/"}) : EncodeAccept("");
    Data(0, Tlv(0x1, head), false);
    Check(owner_.session.open());
  }

  void Event(ByteReader& in) {
    const uint8_t what = in.U8() % 15;
    const uint8_t second = in.U8();
    const int64_t stream = far_ + second;
    switch (what) {
      case 0:
      case 1:
      case 2:
        return Data(stream, Some(in), what == 2);
      case 3:
        if (!MayReceive(stream)) return;
        over_.insert(stream);
        return quic_.handler->OnStreamReset(stream, in.U64());
      case 4:
        if (gone_.contains(stream)) return;
        return quic_.handler->OnStopSending(stream, in.U64());
      case 5:
        if (!gone_.insert(stream).second) return;
        over_.insert(stream);
        return quic_.handler->OnStreamClosed(stream);
      case 6:
        return Datagram(in.Bytes(std::min<size_t>(second, in.remaining())));
      case 7:
        quic_.handler->OnStreamCredit();
        return quic_.handler->OnStreamWritable(stream);
      case 8:
        if (const auto opened = owner_.Open(second % 2 != 0)) {
          owner_.session.Write(*opened, Text("bytes"), second > 127);
        }
        return;
      case 9:
        owner_.session.Write(stream, Text("bytes"), second > 127);
        owner_.session.ResetStream(stream, 7);
        return owner_.session.StopSending(stream, 8);
      case 10: {
        owner_.outgoing.emplace_back("datagram");
        std::array<ByteSpan, 2> parts;
        while (quic_.handler->NextDatagram(parts)) Check(parts[1].size() == 8);
        return;
      }
      case 11:
        if (second < 250) return owner_.session.Close(1, std::string(second * 10u, 'r'));
        return End();
      case 12:  // the streams from here on
        far_ = 256 * int64_t{second};
        return;
      case 13: {  // a long piece
        const size_t length = 256 * size_t{in.U8()};
        return Data(stream, ByteVector(length, in.U8()), false);
      }
      case 14: {  // the same on many streams of a kind
        const size_t count = in.U8();
        const ByteSpan bytes = Some(in);
        for (size_t i = 0; i < count; ++i) {
          Data(stream + static_cast<int64_t>(4 * i), bytes, false);
        }
      }
    }
  }

  void End() {
    if (ended_) return;
    ended_ = true;
    CheckCredit();
    CheckDelivered();
    quic_.handler->OnClosed({});
    Check(owner_.closed && !owner_.session.open());
    CheckKept();
  }
  bool ended() const { return ended_; }

  void CheckKept() const {
    const WebTransportKept kept = owner_.session.kept();
    Check(kept.http3.streams <= kMaxIncomingStreams);
    Check(kept.http3.requests <= kMaxRequests);
    Check(kept.http3.header_bytes <= kMaxHeaderBytes);
    Check(kept.http3.settings_bytes <= kMaxSettingsBytes);
    Check(kept.pending_streams <= kMaxPendingStreams);
    Check(kept.pending_bytes <= kMaxPendingBytes);
    Check(kept.capsule_bytes <= kMaxCapsuleBytes);
    Check(!owner_.session.open() || kept.pending_streams == 0);

    const QuicCounters& counters = owner_.counters;
    // The first that is too many closes the connection, which closes once.
    const uint64_t wasted = counters.h3_wasted_streams.value();
    Check(wasted <= kMaxWastedStreams || (quic_.closed && wasted == kMaxWastedStreams + 1));
    Check(counters.session_streams_refused.value() <= wasted);
    Check(counters.h3_excessive_load.value() + counters.h3_errors.value() <=
          (quic_.closed ? 1 : 0));
  }

 private:
  bool IsLocal(int64_t stream) const { return IsFromServer(stream) == server_; }
  // QUIC delivers nothing against a stream's direction, behind its end, or on a stream of ours that
  // was never opened.
  bool MayReceive(int64_t stream) const {
    if (over_.contains(stream)) return false;
    return !IsLocal(stream) || (!IsUnidirectional(stream) && quic_.sent.contains(stream));
  }
  static ByteSpan Some(ByteReader& in) {
    const size_t length = in.U8();
    return in.Bytes(std::min(length, in.remaining()));
  }
  void Data(int64_t stream, ByteSpan bytes, bool fin) {
    if (!MayReceive(stream) || total_ + bytes.size() > kMaxTotalBytes || ++pieces_ > kMaxPieces) {
      return;
    }
    total_ += bytes.size();
    if (fin) over_.insert(stream);
    received_[stream].append(bytes.begin(), bytes.end());
    quic_.handler->OnStreamData(stream, bytes, fin);
    CheckKept();
  }
  void Datagram(ByteSpan bytes) {
    const bool was_closed = quic_.closed.has_value();
    quic_.handler->OnDatagram(bytes);
    // One that makes no sense closes the connection instead, and none is read after that.
    if (!was_closed && !quic_.closed) ++datagrams_;
    Check(owner_.datagrams.size() + owner_.counters.session_datagrams_dropped.value() ==
          datagrams_);
  }

  // Credit comes back for everything but what waits for its session, unless the stream was refused
  // or is gone, or the connection ends: then QUIC gives it back itself.
  void CheckCredit() const {
    size_t outstanding = 0;
    for (const auto& [stream, bytes] : quic_.consumed) {
      Check(bytes == 0 || received_.contains(stream));
    }
    for (const auto& [stream, bytes] : received_) {
      const auto it = quic_.consumed.find(stream);
      const size_t consumed = it == quic_.consumed.end() ? 0 : it->second;
      Check(consumed <= bytes.size());
      const auto sent = quic_.sent.find(stream);
      const bool refused = sent != quic_.sent.end() && sent->second.stop_sending;
      if (!refused && !gone_.contains(stream)) outstanding += bytes.size() - consumed;
    }
    Check(quic_.closed || outstanding == owner_.session.kept().pending_bytes);
  }

  // The owner hears a stream's bytes in order, from behind its prefix on.
  void CheckDelivered() const {
    for (const auto& [stream, incoming] : owner_.streams) {
      if (incoming.bytes.empty()) continue;
      const std::string& received = received_.at(stream);
      ByteSpan bytes(reinterpret_cast<const uint8_t*>(received.data()), received.size());
      if (!IsLocal(stream)) {
        const auto kind = StreamPrefixReader(IsUnidirectional(stream)).Take(bytes);
        Check(kind && *kind == StreamKind::kWebTransport);
      }
      Check(incoming.bytes.size() <= bytes.size());
      Check(std::equal(incoming.bytes.begin(), incoming.bytes.end(), bytes.begin(),
                       [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; }));
    }
  }

  bool server_;
  StrictQuic quic_;
  StrictSession owner_;
  std::map<int64_t, std::string> received_;
  std::set<int64_t> over_;  // nothing more comes
  std::set<int64_t> gone_;  // closed
  int64_t far_ = 0;
  size_t total_ = 0;
  size_t pieces_ = 0;
  size_t datagrams_ = 0;
  bool ended_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  Fuzzed fuzzed(data[0] % 2 == 0 ? EndpointRole::kServer : EndpointRole::kClient,
                (data[0] & 2) != 0);
  ByteReader in({data + 1, size - 1});
  while (in.ok() && in.remaining() > 0 && !fuzzed.ended()) {
    fuzzed.Event(in);
    fuzzed.CheckKept();
  }
  fuzzed.End();
  return 0;
}

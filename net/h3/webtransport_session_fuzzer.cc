// A whole session, server's or client's, told any order of stream and datagram events, and used by
// an owner meanwhile. Whatever comes, no more credit is given back than bytes came, nothing is said
// after the last call, and what is kept has its bounds.
//
// The first byte chooses the role and whether the session is open from the start; then one byte
// chooses each event, and the next its stream.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <vector>

#include "net/h3/testing/bytes.h"
#include "net/h3/testing/fake_quic.h"
#include "net/h3/testing/recording_session.h"

namespace {

using namespace ferry;
using namespace ferry::net;

void Check(bool condition) {
  if (!condition) std::abort();
}

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
    const uint8_t what = in.U8();
    const int64_t stream = in.U8();
    switch (what % 12) {
      case 0:
      case 1:
      case 2: {
        const ByteSpan bytes = in.Bytes(std::min<size_t>(in.U8(), in.remaining()));
        return Data(stream, bytes, what % 12 == 2);
      }
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
        return quic_.handler->OnDatagram(in.Bytes(std::min<size_t>(stream, in.remaining())));
      case 7:
        quic_.handler->OnStreamCredit();
        return quic_.handler->OnStreamWritable(stream);
      case 8:
        if (const auto opened =
                stream % 2 != 0 ? owner_.session.OpenUni() : owner_.session.OpenBidi()) {
          owner_.session.Write(*opened, Text("bytes"), stream > 127);
        }
        return;
      case 9:
        owner_.session.Write(stream, Text("bytes"), stream > 127);
        owner_.session.ResetStream(stream, 7);
        return owner_.session.StopSending(stream, 8);
      case 10: {
        owner_.outgoing.emplace_back("datagram");
        std::array<ByteSpan, 2> parts;
        while (quic_.handler->NextDatagram(parts)) Check(parts[1].size() == 8);
        return;
      }
      default:
        if (stream < 250) return owner_.session.Close(1, "the owner ends it");
        return End();
    }
  }

  void End() {
    if (ended_) return;
    ended_ = true;
    quic_.handler->OnClosed({});
    Check(owner_.closed && !owner_.session.open());
  }
  bool ended() const { return ended_; }

  void CheckBounds() const {
    for (const auto& [stream, bytes] : quic_.consumed) {
      const auto it = received_.find(stream);
      Check(bytes == 0 || (it != received_.end() && bytes <= it->second));
    }
    Check(owner_.counters.session_datagrams_dropped.value() < 10'000);
  }

 private:
  bool IsOwnUnidirectional(int64_t stream) const {
    return IsUnidirectional(stream) && IsFromServer(stream) == server_;
  }
  // What QUIC would not deliver: data against a stream's direction, or behind its end.
  bool MayReceive(int64_t stream) const {
    return !IsOwnUnidirectional(stream) && !over_.contains(stream);
  }
  void Data(int64_t stream, ByteSpan bytes, bool fin) {
    if (!MayReceive(stream)) return;
    if (fin) over_.insert(stream);
    received_[stream] += bytes.size();
    quic_.handler->OnStreamData(stream, bytes, fin);
  }

  bool server_;
  FakeQuic quic_;
  RecordingSession owner_;
  std::map<int64_t, size_t> received_;
  std::set<int64_t> over_;  // nothing more comes
  std::set<int64_t> gone_;  // closed
  bool ended_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  Fuzzed fuzzed(data[0] % 2 == 0 ? EndpointRole::kServer : EndpointRole::kClient,
                (data[0] & 2) != 0);
  ByteReader in({data + 1, size - 1});
  while (in.ok() && in.remaining() > 0 && !fuzzed.ended()) fuzzed.Event(in);
  fuzzed.End();
  fuzzed.CheckBounds();
  return 0;
}

// Streams of a WebTransport session that came before the session was open, because packets overtake
// one another (draft-ietf-webtrans-http3 §4.5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/bytes.h"

namespace ferry::net {

// A client of ours opens one stream; there is room for a few more, each with its first packets.
inline constexpr size_t kMaxPendingStreams = 8;
inline constexpr size_t kMaxPendingBytes = 65'536;  // of all of them

class PendingStreams {
 public:
  struct Stream {
    int64_t id = 0;
    int64_t session = 0;
    std::vector<uint8_t> bytes;
    bool fin = false;
  };

  // False: there are too many.
  bool Add(int64_t id, int64_t session);
  bool Contains(int64_t id) const;
  // False: too many bytes wait; the stream is forgotten.
  bool Append(int64_t id, ByteSpan bytes, bool fin);
  void Remove(int64_t id);
  // All of them, in the order in which they came.
  std::vector<Stream> TakeAll();
  // Those that wait.
  const std::vector<Stream>& all() const { return streams_; }

 private:
  std::vector<Stream> streams_;
  size_t bytes_ = 0;
};

}  // namespace ferry::net

// Makes repair packets of the packets sent last (core/fec/repair_packet.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/units.h"
#include "core/rtp/rtp_packet.h"

namespace ferry::fec {

// What of the past a repair packet protects.
struct Window {
  Duration age;
  size_t packets = 0;
};

class FecEncoder {
 public:
  explicit FecEncoder(const Window& window) : window_(window) {}

  // A packet that has been sent under this transport-wide number, which stands at `number_offset`
  // in it.
  void Add(uint16_t number, ByteSpan packet, size_t number_offset, Timestamp now);
  // A repair packet of what was sent within the window, not numbered yet; nullopt when that is
  // nothing, or too large to protect.
  std::optional<rtp::RtpPacket> MakeRepair(Timestamp now);
  void Clear() { sources_.clear(); }

 private:
  struct Source {
    uint16_t number;
    Timestamp sent;
    std::vector<uint8_t> symbol;
  };
  void Forget(Timestamp now);

  Window window_;
  std::deque<Source> sources_;  // in the order of their numbers
  uint16_t next_key_ = 0;
};

}  // namespace ferry::fec

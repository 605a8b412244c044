// Gives lost packets back from repair packets (core/fec/repair_packet.h).
//
// What a repair packet says of packets that are here is subtracted from it; what is left is an
// equation in those that are missing. The equations are kept solved as far as they go (Gauss and
// Jordan), so that each packet is given back as soon as it can be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/sequence_number.h"
#include "core/fec/repair_packet.h"

namespace ferry::fec {

class FecDecoder {
 public:
  // Equations kept at most: the work for one repair packet is bounded by it. The oldest go.
  static constexpr size_t kMaxEquations = 64;

  // A packet that came, under this transport-wide number, which stands at `number_offset` in it. No
  // repair packet.
  void OnPacket(uint16_t number, ByteSpan packet, size_t number_offset);
  // The payload of a repair packet. An error when it is none.
  Result<void> OnRepair(ByteSpan payload);
  // The next packet that was given back, once; its transport-wide number is zero.
  std::optional<std::vector<uint8_t>> TakeRecovered();

  uint64_t recovered() const { return recovered_count_; }
  size_t equations() const { return equations_.size(); }
  size_t packets_kept() const { return symbols_.size(); }

 private:
  // Packets of the last so many numbers are kept, more than a repair packet can protect together
  // with those it may overtake.
  static constexpr int64_t kKept = 2 * int64_t{kMaxSpan};
  // Without a repair packet among so many, nothing is kept any more until the next one.
  static constexpr int64_t kIdleAfter = 2048;

  struct Equation {
    std::map<int64_t, uint8_t> unknowns;  // coefficient by number
    std::vector<uint8_t> sum;
  };
  void Start(int64_t number);
  void Keep(int64_t number, std::vector<uint8_t> symbol);
  void Forget();
  // Takes a packet's part, of which `factor` is the coefficient, off an equation.
  static void Subtract(Equation& equation, uint8_t factor, ByteSpan symbol);
  // Takes `factor` times another equation off.
  static void Subtract(Equation& equation, uint8_t factor, const Equation& other);
  void Insert(Equation equation);
  // Of a packet that is known now: takes it off all equations, and gives back what they then tell.
  void Substitute(int64_t number);
  void GiveBackSolved();

  std::optional<int64_t> last_repair_;  // or the first packet; nullopt: nothing is kept
  int64_t first_kept_ = INT64_MIN;      // what came before it was not kept
  bool started_ = false;
  Unwrapper<uint16_t> unwrapper_;
  int64_t newest_ = 0;
  std::map<int64_t, std::vector<uint8_t>> symbols_;
  std::deque<Equation> equations_;  // each the only one with its first unknown
  std::deque<std::vector<uint8_t>> recovered_;
  uint64_t recovered_count_ = 0;
};

}  // namespace ferry::fec

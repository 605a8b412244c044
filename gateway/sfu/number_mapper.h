// Maps the packet numbers of one encoding to those one subscriber sees, without a gap for what is
// left out on purpose.
//
// Packets lost before the gateway keep their place: they may still come. What comes late gets the
// number it would have had.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/base/sequence_number.h"
#include "gateway/sfu/payload_facts.h"

namespace ferry::gateway {

class NumberMapper {
 public:
  // To be added to the publisher's numbers.
  struct Offsets {
    uint16_t sequence = 0;
    PictureNumbers picture;
  };
  // Changes remembered: of temporal layers there are some 20 a second, and what comes later than
  // half a second is of little use.
  static constexpr size_t kMaxSpans = 16;

  // Begins at the packet `sequence`; what is before it has no number.
  void Begin(uint16_t sequence, const Offsets& offsets) {
    count_ = 0;
    Push({sequence, false, offsets});
    highest_ = static_cast<uint16_t>(sequence - 1);
  }
  void End() { count_ = 0; }
  bool active() const { return count_ > 0; }
  uint16_t highest() const { return highest_; }
  const Offsets& offsets() const { return Newest().offsets; }

  // The offsets of `sequence`; nullopt when it was left out, or is too old to tell.
  std::optional<Offsets> Find(uint16_t sequence) const {
    for (size_t i = 0; i < count_; ++i) {
      const Span& span = spans_[(newest_ + kMaxSpans - i) % kMaxSpans];
      if (IsNewer(span.from, sequence)) continue;
      return span.left_out ? std::nullopt : std::optional(span.offsets);
    }
    return std::nullopt;
  }

  // `sequence`, newer than all before, is forwarded.
  Offsets Forward(uint16_t sequence) {
    if (Newest().left_out) Resume();
    Advance(sequence);
    return Newest().offsets;
  }
  // `sequence`, newer than all before, is left out; `frame`: and with it a picture id. What is
  // missing right before it keeps its place, unless `with_missing`: it is of the same frame.
  void LeaveOut(uint16_t sequence, bool frame, bool with_missing) {
    const bool missing = sequence != static_cast<uint16_t>(highest_ + 1);
    if (Newest().left_out && missing && !with_missing) Resume();
    if (!Newest().left_out) {
      const uint16_t from = with_missing ? static_cast<uint16_t>(highest_ + 1) : sequence;
      Push({from, true, Newest().offsets});
    }
    if (frame) --Newest().offsets.picture.picture_id;
    Advance(sequence);
  }
  // Numbers from the publisher's `sequence` on come out this much lower.
  void LowerBy(uint16_t sequence, uint16_t by) {
    Offsets offsets = Newest().offsets;
    offsets.sequence = static_cast<uint16_t>(offsets.sequence - by);
    count_ = 0;
    Push({sequence, false, offsets});
  }

 private:
  struct Span {
    uint16_t from = 0;  // the publisher's number; ends where the next begins
    bool left_out = false;
    Offsets offsets;
  };

  Span& Newest() { return spans_[newest_]; }
  const Span& Newest() const { return spans_[newest_]; }
  void Push(const Span& span) {
    newest_ = static_cast<uint8_t>((newest_ + 1) % kMaxSpans);
    spans_[newest_] = span;
    if (count_ < kMaxSpans) ++count_;
  }
  void Resume() {
    const Span& span = Newest();
    const auto next = static_cast<uint16_t>(highest_ + 1);
    Offsets offsets = span.offsets;
    offsets.sequence =
        static_cast<uint16_t>(offsets.sequence - static_cast<uint16_t>(next - span.from));
    Push({next, false, offsets});
  }
  // The oldest span follows at a distance, or half a circle later new packets would look old.
  void Advance(uint16_t sequence) {
    constexpr uint16_t kMaxDistance = 0x4000;
    highest_ = sequence;
    if (static_cast<uint16_t>(sequence - Newest().from) <= kMaxDistance) return;
    const auto from = static_cast<uint16_t>(sequence - kMaxDistance / 2);
    if (Newest().left_out) {
      // The numbers left out so far count as ever.
      Newest().offsets.sequence = static_cast<uint16_t>(
          Newest().offsets.sequence - static_cast<uint16_t>(from - Newest().from));
    }
    Newest().from = from;
    count_ = 1;
  }

  uint16_t highest_ = 0;
  uint8_t newest_ = 0;
  uint8_t count_ = 0;
  std::array<Span, kMaxSpans> spans_;
};

}  // namespace ferry::gateway

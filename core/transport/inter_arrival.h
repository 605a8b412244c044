// Groups packets that were sent together and compares how far apart two groups were sent and
// arrived: draft-ietf-rmcat-gcc-02 §5.1 and §5.2 (pre-filtering).
#pragma once

#include <optional>

#include "core/base/units.h"

namespace ferry::transport {

// Between the last packets of two groups that follow each other.
struct GroupDelta {
  Duration send;
  Duration arrival;
  Timestamp arrived;  // the later group's last packet, by the receiver's clock
};

class InterArrival {
 public:
  // Packets sent within this are one group: about what a paced sender lets go in one turn.
  static constexpr Duration kGroupLength = Duration::Millis(5);
  // Packets that a path held back and let go at once arrive within kGroupLength of each other and
  // are one group as well, so that its catching up is not taken for a falling delay; but not more
  // than this.
  static constexpr Duration kMaxBurst = Duration::Millis(100);

  // Takes one packet that arrived, in the order of sending; `arrived` by the receiver's clock.
  // Returns a delta when the packet begins a new group.
  std::optional<GroupDelta> OnPacket(Timestamp sent, Timestamp arrived);
  void Reset();

 private:
  struct Group {
    Timestamp first_sent;
    Timestamp last_sent;
    Timestamp first_arrived;
    Timestamp last_arrived;
  };
  bool Belongs(Timestamp sent, Timestamp arrived) const;
  std::optional<GroupDelta> Compare();

  std::optional<Group> current_;
  std::optional<Group> previous_;
  int reordered_ = 0;
};

}  // namespace ferry::transport

// What the load generator is to do: how many clients, what each publishes and subscribes to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/load/synthetic_stream.h"
#include "client/signaling/types.h"

namespace ferry::client {

struct LoadPlan {
  // Clients of a run, so that a slip of the finger does not take the machine down.
  static constexpr int kMaxClients = 20'000;

  int rooms = 1;
  int clients = 2;  // of each room
  uint32_t first_room = 1000;
  std::string user_prefix = "load";
  Scene scene = Scene::kRtc;

  // The first clients of each room publish.
  int audio_publishers = 0;
  int video_publishers = 0;
  StreamShape audio = {
      .kind = MediaKind::kAudio, .bitrate = DataRate::KilobitsPerSec(40), .fps = 50};
  StreamShape big;
  std::optional<StreamShape> small;
  // Audio publishers of a room who are loud at a time, and how long until the next are.
  int speakers = 6;
  Duration speaking_turn = Duration::Seconds(5);

  // Streams that each client subscribes to, at most; the gateway may send less of them.
  int subscribe_audio = 0;
  int subscribe_video = 0;
  LayerPreference preference;

  double joins_per_second = 50;
  Duration warm_up = Duration::Seconds(2);
  Duration measured = Duration::Seconds(10);
  int threads = 1;
  // Every client moves to the other transport this often.
  std::optional<Duration> switch_every;

  int total_clients() const { return rooms * clients; }
};

// One client's part.
struct ClientPlan {
  int index = 0;  // in the whole run
  JoinParams join;
  int place = 0;  // in its room: below audio_publishers, it publishes audio; likewise video
};

// Whether the audio publisher of that place is loud.
bool IsLoud(const LoadPlan& plan, int place, Timestamp now);

}  // namespace ferry::client

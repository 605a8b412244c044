// What forwarding costs without any network: one publisher, N subscribers, packets taken from each
// subscriber as a transport would. Prints nanoseconds for each forwarded packet, our code and the
// copy included.
//
//   sfu_core [subscribers] [seconds of media] [kbps]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "core/transport/arrival_recorder.h"
#include "gateway/session/media_endpoint.h"
#include "gateway/testing/media.h"
#include "net/cpu_time.h"

namespace ferry::gateway {
namespace {

class Connection final : public net::Connection {
 public:
  void Wake() override { woken = true; }
  void Close(uint16_t, std::string_view) override {}
  void Abort() override {}
  net::TransportKind transport() const override { return net::TransportKind::kWebTransport; }
  bool reliable() const override { return false; }
  const std::string& remote_address() const override { return address_; }
  bool woken = false;

 private:
  std::string address_;
};

class Listener final : public MediaEndpointListener {
  void OnLayerChanged(StreamId, ForwardedLayer) override {}
};

struct Subscriber {
  Connection connection;
  std::unique_ptr<MediaEndpoint> endpoint;
  transport::ArrivalRecorder arrivals;
  std::vector<std::pair<uint16_t, Timestamp>> received;
};

int Main(int argc, char** argv) {
  const size_t count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100;
  const int64_t seconds = argc > 2 ? std::strtol(argv[2], nullptr, 10) : 20;
  const int64_t kbps = argc > 3 ? std::strtol(argv[3], nullptr, 10) : 3'000;
  constexpr size_t kPayload = 1'120;
  constexpr Duration kFrame = Duration::Micros(33'333);

  Metrics metrics;
  SfuWorker worker(0, metrics);
  Listener listener;
  Timestamp now = Timestamp::Millis(1'000);
  const StreamInfo info{.stream_id = "s", .kind = MediaKind::kVideo, .codec = Codec::kVp8};
  const std::vector<EncodingInfo> encodings{{.ssrc = 1}};
  MediaLimits limits;
  limits.max_publish_rate = DataRate::KilobitsPerSec(1'000'000);
  limits.max_publish_packets_per_second = 1'000'000;
  Connection publisher_connection;
  MediaEndpoint publisher(limits, worker, listener, 1'000);
  publisher.Attach(publisher_connection, now);
  publisher.Publish({.key = {1, 1}, .info = info, .encodings = encodings});
  std::vector<std::unique_ptr<Subscriber>> subscribers;
  for (size_t i = 0; i < count; ++i) {
    auto& subscriber = *subscribers.emplace_back(std::make_unique<Subscriber>());
    subscriber.endpoint = std::make_unique<MediaEndpoint>(limits, worker, listener, 2'000);
    subscriber.endpoint->Attach(subscriber.connection, now);
    subscriber.endpoint->Subscribe(
        {.key = {1, 1}, .info = info, .ssrc = 3'000, .encodings = encodings}, now);
  }

  const auto per_frame = static_cast<size_t>(kbps * 1000 / 8 / 30 / kPayload);
  uint16_t sequence = 0;
  uint32_t timestamp = 0;
  uint64_t forwarded = 0;
  uint64_t bytes = 0;
  // Seconds of this thread: what else runs on the machine does not count.
  double forwarding = 0;
  double feedback = 0;
  std::vector<std::vector<uint8_t>> packets;
  for (int64_t frame = 0; frame < seconds * 30; ++frame) {
    packets.clear();
    timestamp += 3'000;
    for (size_t i = 0; i < std::max<size_t>(per_frame, 1); ++i) {
      packets.push_back(testing::Bytes({.ssrc = 1,
                                        .sequence = sequence++,
                                        .timestamp = timestamp,
                                        .marker = i + 1 == per_frame,
                                        .keyframe = frame % 300 == 0 && i == 0,
                                        .first = i == 0,
                                        .payload_size = kPayload,
                                        .picture_id = static_cast<uint16_t>(frame & 0x7FFF)}));
    }
    auto begin = net::ThreadCpuSeconds();
    for (const auto& packet : packets) publisher.OnPacket(packet, now);
    // What is held back by the pacer leaves within the frame's time.
    for (int step = 0; step < 6; ++step, now += kFrame / 6) {
      for (auto& subscriber : subscribers) {
        if (!subscriber->connection.woken) continue;
        subscriber->connection.woken = false;
        net::OutgoingFrame out;
        while (subscriber->endpoint->NextFrame(out, now)) {
          if (rtp::IsRtcp(out.bytes)) continue;
          ++forwarded;
          bytes += out.bytes.size();
          const size_t at = out.bytes.size() - kPayload - 4;  // the only extension
          subscriber->received.emplace_back(
              static_cast<uint16_t>(out.bytes[at + 1] << 8 | out.bytes[at + 2]), now);
        }
      }
      worker.wakes().Run();
    }
    forwarding += net::ThreadCpuSeconds() - begin;
    std::vector<std::vector<uint8_t>> reports(count);
    for (size_t i = 0; frame % 3 == 0 && i < count; ++i) {
      Subscriber& subscriber = *subscribers[i];
      for (const auto& [number, at] : subscriber.received) subscriber.arrivals.OnPacket(number, at);
      subscriber.received.clear();
      if (const auto report = subscriber.arrivals.BuildFeedback()) {
        reports[i] = testing::Rtcp(*report);
      }
    }
    begin = net::ThreadCpuSeconds();
    worker.Tick(now);
    for (size_t i = 0; i < count; ++i) {
      if (!reports[i].empty()) subscribers[i]->endpoint->OnPacket(reports[i], now);
      subscribers[i]->endpoint->Tick(now);
    }
    feedback += net::ThreadCpuSeconds() - begin;
  }
  const auto each = [&](double spent) { return 1e9 * spent / static_cast<double>(forwarded); };
  std::printf("%zu subscribers, %zu packets a frame: %llu forwarded, %.1f MB, %lld dropped\n",
              count, per_frame, static_cast<unsigned long long>(forwarded),
              static_cast<double>(bytes) / 1e6,
              static_cast<long long>(
                  metrics.dropped[static_cast<size_t>(DropReason::kQueueVideo)].value()));
  std::printf("forwarding %.0f ns, feedback and timers %.0f ns for each packet\n", each(forwarding),
              each(feedback));
  subscribers.clear();
  return 0;
}

}  // namespace
}  // namespace ferry::gateway

int main(int argc, char** argv) { return ferry::gateway::Main(argc, argv); }

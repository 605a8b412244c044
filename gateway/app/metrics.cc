#include "gateway/app/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <vector>

#include "gateway/net/address_limits.h"

namespace ferry::gateway {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

ClientMetric Value(MetricType type, double value) {
  ClientMetric metric;
  if (type == MetricType::Counter) metric.counter.value = value;
  if (type == MetricType::Gauge) metric.gauge.value = value;
  return metric;
}

MetricFamily Family(MetricType type, const char* name, const char* help, double value) {
  MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  family.metric.push_back(Value(type, value));
  return family;
}

const char* Name(DropReason reason) {
  switch (reason) {
    case DropReason::kQueueVideo:
      return "queue_video";
    case DropReason::kQueueAudio:
      return "queue_audio";
    case DropReason::kMalformed:
      return "malformed";
    case DropReason::kUnknownSource:
      return "unknown_source";
    case DropReason::kWrongPayload:
      return "wrong_payload";
    case DropReason::kLinkFull:
      return "link_full";
    case DropReason::kRate:
      return "rate";
    case DropReason::kCount:
      break;
  }
  return "";
}

MetricFamily Dropped(const Metrics& metrics) {
  MetricFamily family;
  family.name = "ferry_packets_dropped_total";
  family.help = "Media packets not forwarded, by reason";
  family.type = MetricType::Counter;
  for (size_t i = 0; i < metrics.dropped.size(); ++i) {
    ClientMetric metric =
        Value(MetricType::Counter, static_cast<double>(metrics.dropped[i].value()));
    metric.label.push_back({"reason", Name(static_cast<DropReason>(i))});
    family.metric.push_back(std::move(metric));
  }
  return family;
}

MetricFamily Refused(const AddressLimits& addresses) {
  MetricFamily family;
  family.name = "ferry_connections_refused_total";
  family.help = "Connections refused at a limit, by reason";
  family.type = MetricType::Counter;
  for (size_t i = 0; i < static_cast<size_t>(RefusedBecause::kCount); ++i) {
    const auto reason = static_cast<RefusedBecause>(i);
    ClientMetric metric =
        Value(MetricType::Counter, static_cast<double>(addresses.refused(reason)));
    metric.label.push_back({"reason", std::string(Name(reason))});
    family.metric.push_back(std::move(metric));
  }
  return family;
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  double total = 0;
  double resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

}  // namespace

std::string PrometheusText(const Metrics& m, const AddressLimits& addresses) {
  std::vector<MetricFamily> families;
  const auto gauge = [&](const char* name, const char* help, const Count& count) {
    families.push_back(Family(MetricType::Gauge, name, help, static_cast<double>(count.value())));
  };
  const auto counter = [&](const char* name, const char* help, const Count& count) {
    families.push_back(Family(MetricType::Counter, name, help, static_cast<double>(count.value())));
  };
  gauge("ferry_connections", "Connections open now", m.connections);
  gauge("ferry_sessions", "Signalling sessions open now", m.sessions);
  gauge("ferry_rooms", "Rooms with at least one user", m.rooms);
  gauge("ferry_participants", "Users in rooms", m.participants);
  gauge("ferry_streams", "Streams published now", m.streams);
  gauge("ferry_subscriptions", "Streams subscribed to now, counted once for each subscriber",
        m.subscriptions);
  counter("ferry_connections_total", "Connections accepted", m.connections_total);
  families.push_back(Refused(addresses));
  counter("ferry_tls_failures_total", "TLS handshakes that failed", m.tls_failures);
  counter("ferry_http_requests_total", "HTTP requests", m.http_requests);
  counter("ferry_joins_total", "Users who entered a room", m.joins);
  counter("ferry_joins_refused_total", "Entries refused", m.joins_refused);
  counter("ferry_kicks_total", "Users replaced by the same user", m.kicks);
  counter("ferry_slow_readers_total", "Clients cut off because they did not read", m.slow_readers);
  counter("ferry_control_messages_total", "Control messages received", m.control_in);
  counter("ferry_control_refused_total", "Control messages answered with an error",
          m.control_refused);
  counter("ferry_packets_in_total", "RTP packets received from publishers", m.packets_in);
  counter("ferry_bytes_in_total", "Bytes of RTP packets received", m.bytes_in);
  counter("ferry_packets_out_total", "RTP packets sent to subscribers", m.packets_out);
  counter("ferry_bytes_out_total", "Bytes of RTP packets sent", m.bytes_out);
  counter("ferry_rtcp_in_total", "RTCP packets received", m.rtcp_in);
  counter("ferry_rtcp_out_total", "RTCP packets sent", m.rtcp_out);
  counter("ferry_keyframe_requests_total", "Key frames asked of publishers", m.keyframe_requests);
  counter("ferry_nacked_packets_total", "Packets subscribers asked for again", m.nacked_packets);
  counter("ferry_retransmissions_total", "Packets sent again", m.retransmissions);
  counter("ferry_layer_changes_total", "Changes of the layer forwarded to a subscriber",
          m.layer_changes);
  counter("ferry_padding_packets_total", "Packets sent to probe a subscriber's bandwidth",
          m.padding_packets);
  families.push_back(Dropped(m));
  families.push_back(Family(MetricType::Counter, "process_cpu_seconds_total",
                            "User and system CPU time", CpuSeconds()));
  families.push_back(Family(MetricType::Gauge, "process_resident_memory_bytes", "Resident memory",
                            ResidentBytes()));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace ferry::gateway

#include "gateway/app/prometheus_text.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <fstream>
#include <initializer_list>
#include <utility>
#include <vector>

#include "net/cpu_time.h"

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
    case DropReason::kRetransmissionRate:
      return "retransmission_rate";
    case DropReason::kOversized:
      return "oversized";
    case DropReason::kCount:
      break;
  }
  return "";
}

using Workers = std::vector<const Metrics*>;

// One number of all workers.
template <typename Get>
double Sum(const Workers& workers, Get get) {
  int64_t sum = 0;
  for (const Metrics* metrics : workers) sum += get(*metrics).value();
  return static_cast<double>(sum);
}

MetricFamily Dropped(const Workers& workers) {
  MetricFamily family;
  family.name = "ferry_packets_dropped_total";
  family.help = "Media packets not forwarded, by reason";
  family.type = MetricType::Counter;
  for (size_t i = 0; i < static_cast<size_t>(DropReason::kCount); ++i) {
    ClientMetric metric =
        Value(MetricType::Counter,
              Sum(workers, [&](const Metrics& m) -> const Count& { return m.dropped[i]; }));
    metric.label.push_back({"reason", Name(static_cast<DropReason>(i))});
    family.metric.push_back(std::move(metric));
  }
  return family;
}

MetricFamily Closed(const Workers& workers) {
  MetricFamily family;
  family.name = "ferry_connections_closed_total";
  family.help = "Clients' connections that the gateway closed, by the code it gave";
  family.type = MetricType::Counter;
  for (size_t i = 0; i < net::kCloseCodes.size(); ++i) {
    ClientMetric metric =
        Value(MetricType::Counter,
              Sum(workers, [&](const Metrics& m) -> const Count& { return m.closed[i]; }));
    metric.label.push_back({"code", std::to_string(static_cast<int>(net::kCloseCodes[i]))});
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

MetricFamily Forgotten(const AddressLimits& addresses) {
  MetricFamily family;
  family.name = "ferry_addresses_forgotten_total";
  family.help =
      "Remote addresses forgotten early, because too many were known: in all, or of a /48";
  family.type = MetricType::Counter;
  for (const auto& [reason, count] : {std::pair{"full", addresses.forgotten_full()},
                                      std::pair{"network", addresses.forgotten_network()}}) {
    ClientMetric metric = Value(MetricType::Counter, static_cast<double>(count));
    metric.label.push_back({"reason", reason});
    family.metric.push_back(std::move(metric));
  }
  return family;
}

struct Labelled {
  const char* value;
  Count Metrics::*count;
};

MetricFamily Family(const Workers& workers, MetricType type, const char* name, const char* help,
                    const char* label, std::initializer_list<Labelled> counts) {
  MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  for (const Labelled& one : counts) {
    ClientMetric metric =
        Value(type, Sum(workers, [&](const Metrics& m) -> const Count& { return m.*one.count; }));
    metric.label.push_back({label, one.value});
    family.metric.push_back(std::move(metric));
  }
  return family;
}

double ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  double total = 0;
  double resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

}  // namespace

std::string PrometheusText(const std::vector<const Metrics*>& workers,
                           const AddressLimits& addresses) {
  std::vector<MetricFamily> families;
  const auto add = [&](MetricType type, const char* name, const char* help, Count Metrics::*count) {
    const double sum = Sum(workers, [&](const Metrics& m) -> const Count& { return m.*count; });
    families.push_back(Family(type, name, help, sum));
  };
  const auto gauge = [&](const char* name, const char* help, Count Metrics::*count) {
    add(MetricType::Gauge, name, help, count);
  };
  const auto counter = [&](const char* name, const char* help, Count Metrics::*count) {
    add(MetricType::Counter, name, help, count);
  };
  gauge("ferry_connections", "TCP connections open now", &Metrics::connections);
  gauge("ferry_half_open_connections", "TCP connections in their TLS handshake",
        &Metrics::half_open);
  gauge("ferry_http_connections", "TCP connections that are no client's",
        &Metrics::http_connections);
  gauge("ferry_entering_connections", "Clients' connections that have no session yet",
        &Metrics::entering);
  gauge("ferry_sessions", "Sessions, with a connection or waiting to be resumed",
        &Metrics::sessions);
  gauge("ferry_sessions_in_grace", "Sessions without a connection, waiting to be resumed",
        &Metrics::sessions_in_grace);
  families.push_back(Family(workers, MetricType::Gauge, "ferry_client_connections",
                            "Clients' connections open now, by transport", "transport",
                            {{"websocket", &Metrics::websocket_connections},
                             {"webtransport", &Metrics::webtransport_connections}}));
  gauge("ferry_retransmission_cache_bytes", "Kept by the retransmission caches",
        &Metrics::retransmission_cache_bytes);
  gauge("ferry_rooms", "Rooms with at least one user", &Metrics::rooms);
  gauge("ferry_participants", "Users in rooms", &Metrics::participants);
  gauge("ferry_streams", "Streams published now", &Metrics::streams);
  gauge("ferry_subscriptions", "Streams subscribed to now, counted once for each subscriber",
        &Metrics::subscriptions);
  counter("ferry_connections_total", "Connections accepted", &Metrics::connections_total);
  families.push_back(Refused(addresses));
  families.push_back(Forgotten(addresses));
  families.push_back(Family(workers, MetricType::Counter, "ferry_connections_cut_total",
                            "Connections closed to make room for another of their kind", "kind",
                            {{"half_open", &Metrics::half_open_cut},
                             {"http", &Metrics::http_connections_cut},
                             {"entering", &Metrics::entering_cut}}));
  counter("ferry_tls_failures_total", "TLS handshakes that failed", &Metrics::tls_failures);
  counter("ferry_log_lines_dropped_total", "Lines of the log that nobody read in time",
          &Metrics::log_lines_dropped);
  counter("ferry_worker_failures_total",
          "Operations and connections ended by a fault of the gateway's", &Metrics::failures);
  counter("ferry_http_requests_total", "HTTP requests", &Metrics::http_requests);
  families.push_back(Family(workers, MetricType::Counter, "ferry_http_limits_total",
                            "HTTP requests, connections and files ended at a limit", "limit",
                            {{"idle", &Metrics::http_idle},
                             {"headers", &Metrics::http_headers},
                             {"body", &Metrics::http_body},
                             {"rate", &Metrics::http_rate},
                             {"busy", &Metrics::http_busy},
                             {"file", &Metrics::http_file},
                             {"file_memory", &Metrics::http_file_memory}}));
  counter("ferry_joins_total", "Users who entered a room", &Metrics::joins);
  counter("ferry_joins_refused_total", "Entries refused", &Metrics::joins_refused);
  counter("ferry_kicks_total", "Users replaced by the same user", &Metrics::kicks);
  counter("ferry_resumes_total", "Sessions resumed over another connection",
          &Metrics::sessions_resumed);
  counter("ferry_moves_total", "Sessions resumed while their former connection still lived",
          &Metrics::sessions_moved);
  counter("ferry_resumes_refused_total", "Resumes refused: unknown, superseded or expired tokens",
          &Metrics::resumes_refused);
  counter("ferry_sessions_expired_total", "Sessions that were not resumed in time",
          &Metrics::sessions_expired);
  families.push_back(Family(
      workers, MetricType::Counter, "ferry_sessions_grace_cut_total",
      "Sessions ended before their time to be resumed was over, because too "
      "many waited: in all, or of their address",
      "reason", {{"full", &Metrics::grace_cut_full}, {"address", &Metrics::grace_cut_address}}));
  counter("ferry_control_log_overflows_total",
          "Sessions ended because they did not acknowledge control messages",
          &Metrics::control_log_overflows);
  counter("ferry_slow_readers_total", "Clients cut off because they did not read",
          &Metrics::slow_readers);
  counter("ferry_control_messages_total", "Control messages received", &Metrics::control_in);
  counter("ferry_control_refused_total", "Control messages answered with an error",
          &Metrics::control_refused);
  counter("ferry_control_refused_address_total",
          "Control messages not read because too many came from their address",
          &Metrics::control_refused_address);
  counter("ferry_packets_in_total", "RTP packets received from publishers", &Metrics::packets_in);
  counter("ferry_bytes_in_total", "Bytes of RTP packets received", &Metrics::bytes_in);
  counter("ferry_packets_out_total", "RTP packets sent to subscribers", &Metrics::packets_out);
  counter("ferry_bytes_out_total", "Bytes of RTP packets sent", &Metrics::bytes_out);
  counter("ferry_rtcp_in_total", "RTCP packets received", &Metrics::rtcp_in);
  counter("ferry_rtcp_out_total", "RTCP packets sent", &Metrics::rtcp_out);
  counter("ferry_keyframe_requests_total", "Key frames asked of publishers",
          &Metrics::keyframe_requests);
  counter("ferry_nacked_packets_total", "Packets subscribers asked for again",
          &Metrics::nacked_packets);
  counter("ferry_retransmissions_total", "Packets sent again", &Metrics::retransmissions);
  counter("ferry_retransmission_cache_evictions_total",
          "Packets that the retransmission caches gave up because they held too much together",
          &Metrics::retransmission_cache_evictions);
  counter("ferry_layer_changes_total", "Changes of the layer forwarded to a subscriber",
          &Metrics::layer_changes);
  counter("ferry_repair_packets_total", "Packets sent to repair what subscribers' paths lose",
          &Metrics::repair_packets);
  counter("ferry_recovered_packets_total",
          "Publishers' packets that were lost and given back by repair packets",
          &Metrics::recovered_packets);
  counter("ferry_padding_packets_total", "Packets sent to probe a subscriber's bandwidth",
          &Metrics::padding_packets);
  families.push_back(Dropped(workers));
  families.push_back(Closed(workers));
  const auto quic = [&](const char* name, const char* help,
                        net::QuicCounter net::QuicCounters::*count) {
    double sum = 0;
    for (const Metrics* worker : workers) sum += static_cast<double>((worker->quic.*count).value());
    families.push_back(Family(MetricType::Counter, name, help, sum));
  };
  using net::QuicCounters;
  quic("ferry_quic_handshakes_total", "QUIC handshakes done", &QuicCounters::handshakes);
  quic("ferry_quic_handshake_failures_total", "QUIC handshakes begun and not done",
       &QuicCounters::handshake_failures);
  quic("ferry_quic_connections_refused_total", "QUIC connections refused at a limit",
       &QuicCounters::connections_refused);
  quic("ferry_quic_retries_total", "Clients asked by Retry to prove their address",
       &QuicCounters::retries);
  quic("ferry_quic_resets_total", "Stateless resets sent", &QuicCounters::resets);
  quic("ferry_quic_packets_in_total", "QUIC packets received", &QuicCounters::packets_in);
  quic("ferry_quic_packets_out_total", "QUIC packets sent", &QuicCounters::packets_out);
  quic("ferry_quic_packets_unknown_total", "UDP packets of no connection",
       &QuicCounters::packets_unknown);
  quic("ferry_quic_version_negotiations_total", "Clients told which versions of QUIC there are",
       &QuicCounters::version_negotiations);
  quic("ferry_quic_datagrams_oversized_total", "Datagrams refused: larger than the path carries",
       &QuicCounters::datagrams_oversized);
  quic("ferry_quic_gso_fallbacks_total", "Runs of packets sent one by one: the kernel refused them",
       &QuicCounters::gso_fallbacks);
  quic("ferry_quic_send_blocked_total", "Times the kernel's send buffer was full",
       &QuicCounters::send_blocked);
  quic("ferry_quic_send_errors_total", "QUIC packets that the kernel refused",
       &QuicCounters::send_errors);
  quic("ferry_quic_handler_failures_total", "QUIC connections ended by a fault of the gateway's",
       &QuicCounters::handler_failures);
  quic("ferry_quic_idle_timeouts_total", "QUIC connections given up: nothing was heard of them",
       &QuicCounters::idle_timeouts);
  quic("ferry_http3_excessive_load_total",
       "QUIC connections closed for too much of something in HTTP/3",
       &QuicCounters::h3_excessive_load);
  quic("ferry_http3_errors_total", "QUIC connections closed for what else was wrong in HTTP/3",
       &QuicCounters::h3_errors);
  quic("ferry_http3_wasted_streams_total", "HTTP/3 requests refused, and streams of no use",
       &QuicCounters::h3_wasted_streams);
  quic("ferry_webtransport_timeouts_total",
       "QUIC connections closed because no session was opened in time",
       &QuicCounters::session_timeouts);
  quic("ferry_webtransport_datagrams_dropped_total", "Datagrams of no session that is open",
       &QuicCounters::session_datagrams_dropped);
  quic("ferry_webtransport_streams_refused_total",
       "Streams of no session, or too many before it was open",
       &QuicCounters::session_streams_refused);
  families.push_back(Family(MetricType::Counter, "process_cpu_seconds_total",
                            "User and system CPU time", net::CpuSeconds()));
  families.push_back(Family(MetricType::Gauge, "process_resident_memory_bytes", "Resident memory",
                            ResidentBytes()));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace ferry::gateway

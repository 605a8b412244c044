#include "gateway/app/prometheus_text.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "gateway/testing/fakes.h"

namespace ferry::gateway {
namespace {

class PrometheusTextTest : public ::testing::Test {
 protected:
  std::string Text() const { return PrometheusText({&first, &second}, addresses); }

  testing::FakeClock clock;
  AddressLimits addresses{{}, clock};
  Metrics first;
  Metrics second;
};

TEST_F(PrometheusTextTest, AreTheSumsOverTheWorkers) {
  first.joins.Add(2);
  second.joins.Add(3);
  first.websocket_connections.Add(4);
  second.grace_cut_address.Add(5);
  second.quic.session_datagrams_dropped.Add(6);
  const std::string text = Text();
  for (const char* line :
       {"ferry_joins_total 5\n", "ferry_client_connections{transport=\"websocket\"} 4\n",
        "ferry_client_connections{transport=\"webtransport\"} 0\n",
        "ferry_sessions_grace_cut_total{reason=\"address\"} 5\n",
        "ferry_sessions_grace_cut_total{reason=\"full\"} 0\n",
        "ferry_webtransport_datagrams_dropped_total 6\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

// What is counted is there to be seen: each number of Metrics is another in the text.
TEST_F(PrometheusTextTest, EveryCountIsShown) {
  static_assert(sizeof(Count) == sizeof(int64_t) && sizeof(net::QuicCounter) == sizeof(int64_t));
  constexpr size_t kCounts = sizeof(Metrics) / sizeof(Count);
  for (size_t i = 0; i < kCounts; ++i) {
    const auto value = static_cast<int64_t>(1'000'001 + i);
    std::memcpy(reinterpret_cast<char*>(&first) + i * sizeof(Count), &value, sizeof(value));
  }
  const std::string text = Text();
  for (size_t i = 0; i < kCounts; ++i) {
    EXPECT_NE(text.find(" " + std::to_string(1'000'001 + i) + "\n"), std::string::npos)
        << "the number at place " << i << " of Metrics";
  }
}

}  // namespace
}  // namespace ferry::gateway

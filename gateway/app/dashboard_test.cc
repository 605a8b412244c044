// docs/grafana/ferry-gateway.json shows and docs/limits.md names nothing that the gateway does not
// measure, and docs/configuration.md lists all that it does.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>

#include "gateway/testing/gateway_fixture.h"

namespace ferry::gateway {
namespace {

using nlohmann::json;

class DashboardTest : public GatewayTest {};

TEST_F(DashboardTest, EveryMetricItShowsExists) {
  Start();
  const std::string metrics = MetricsText();
  std::ifstream file(FERRY_DOCS "/grafana/ferry-gateway.json");
  const json dashboard = json::parse(file);
  std::set<std::string> shown;
  for (const json& panel : dashboard.at("panels")) {
    if (panel.at("type") == "row") continue;
    EXPECT_FALSE(panel.at("targets").empty()) << panel.at("title");
    for (const json& target : panel.at("targets")) {
      const auto expression = target.at("expr").get<std::string>();
      const std::regex name("\\b(ferry|process)_[a-z0-9_]+");
      const std::sregex_iterator begin(expression.begin(), expression.end(), name);
      EXPECT_NE(begin, std::sregex_iterator()) << expression;
      for (auto match = begin; match != std::sregex_iterator(); ++match) shown.insert(match->str());
    }
  }
  EXPECT_GE(shown.size(), 20u);
  for (const char* name : {"ferry_client_connections", "ferry_sessions_in_grace",
                           "ferry_webtransport_streams_refused_total", "ferry_layer_changes_total",
                           "ferry_quic_packets_out_total", "ferry_quic_send_errors_total",
                           "ferry_quic_handler_failures_total"}) {
    EXPECT_TRUE(shown.contains(name)) << name;
  }
  for (const std::string& name : shown) {
    EXPECT_NE(metrics.find("# TYPE " + name + " "), std::string::npos) << name;
  }
}

TEST_F(DashboardTest, EveryMetricOfALimitExists) {
  Start();
  const std::string metrics = MetricsText();
  std::ifstream file(FERRY_DOCS "/limits.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  // A metric, or a label's value: those that follow the first stand in quotes alone.
  const std::regex named("`(ferry_[a-z0-9_]+)`|`[a-z]*=?(\"[a-z0-9_]+\")`");
  const std::sregex_iterator begin(text.begin(), text.end(), named);
  EXPECT_NE(begin, std::sregex_iterator());
  for (auto match = begin; match != std::sregex_iterator(); ++match) {
    const std::string name = (*match)[1];
    const std::string value = (*match)[2];
    const std::string wanted = name.empty() ? "=" + value + "}" : "# TYPE " + name + " ";
    EXPECT_NE(metrics.find(wanted), std::string::npos) << match->str();
  }
}

TEST_F(DashboardTest, EveryMetricIsDocumented) {
  Start();
  const std::string metrics = MetricsText();
  std::ifstream file(FERRY_DOCS "/configuration.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::regex type("# TYPE ([a-z0-9_]+) ");
  const std::sregex_iterator begin(metrics.begin(), metrics.end(), type);
  EXPECT_NE(begin, std::sregex_iterator());
  for (auto match = begin; match != std::sregex_iterator(); ++match) {
    const std::string name = (*match)[1];
    EXPECT_NE(text.find("`" + name + "`"), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace ferry::gateway

// docs/grafana/ferry-gateway.json shows nothing that the gateway does not measure.
#include <gtest/gtest.h>

#include <fstream>
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
  const std::string metrics = Get("/metrics").body;
  std::ifstream file(FERRY_DASHBOARD);
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
                           "ferry_webtransport_streams_refused_total"}) {
    EXPECT_TRUE(shown.contains(name)) << name;
  }
  for (const std::string& name : shown) {
    EXPECT_NE(metrics.find("# TYPE " + name + " "), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace ferry::gateway

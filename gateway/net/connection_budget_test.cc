#include "gateway/net/connection_budget.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ferry::gateway {
namespace {

class ConnectionBudgetTest : public ::testing::Test {
 protected:
  void Open(const std::string& name, const std::string& address = "192.0.2.1") {
    places.emplace_back(std::make_unique<ConnectionBudget::Place>(
        budget, [this, name] { cut.push_back(name); }, AddressKey::OfText(address)));
  }

  Count open, cut_count;
  ConnectionBudget budget{3, open, cut_count};
  std::vector<std::string> cut;
  std::vector<std::unique_ptr<ConnectionBudget::Place>> places;
};

TEST_F(ConnectionBudgetTest, KnowsWhatAConnectionThatIsClosedGivesBack) {
  const auto is_shortage = [](int error) {
    return IsShortage(error_code(error, boost::system::system_category()));
  };
  for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM}) EXPECT_TRUE(is_shortage(error));
  for (const int error : {0, ECONNABORTED, EPERM}) EXPECT_FALSE(is_shortage(error)) << error;
}

TEST_F(ConnectionBudgetTest, TheLongestIdleGivesWay) {
  for (const char* name : {"a", "b", "c"}) Open(name);
  places[0]->Busy();
  Open("d");
  EXPECT_EQ(cut, (std::vector<std::string>{"b"}));
  EXPECT_EQ(open.value(), 3);
  EXPECT_EQ(cut_count.value(), 1);
}

TEST_F(ConnectionBudgetTest, WhoBringsACrowdPaysForIt) {
  Open("old", "192.0.2.7");
  Open("a1");
  Open("a2");
  Open("a3");
  Open("a4");
  EXPECT_EQ(cut, (std::vector<std::string>{"a1", "a2"})) << "not the oldest, which is alone";
  Open("new", "192.0.2.8");
  EXPECT_EQ(cut.back(), "a3");
  Open("newer", "192.0.2.9");
  EXPECT_EQ(cut.back(), "old") << "now that each has one";
  places.clear();
  EXPECT_EQ(open.value(), 0);
}

}  // namespace
}  // namespace ferry::gateway

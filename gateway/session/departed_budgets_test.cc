#include "gateway/session/departed_budgets.h"

#include <gtest/gtest.h>

#include <string>

namespace ferry::gateway {
namespace {

class DepartedBudgetsTest : public ::testing::Test {
 protected:
  // One that has nothing left.
  ControlBudget Spent() {
    ControlBudget budget(limits);
    while (budget.TakeMessage(now)) {
    }
    return budget;
  }

  SessionLimits limits{.max_messages_per_second = 10, .message_burst = 20};
  Timestamp now = Timestamp::Millis(5'000);
  DepartedBudgets budgets;
};

TEST_F(DepartedBudgetsTest, WhoComesBackHasWhatWasLeft) {
  budgets.Keep({1, "ann"}, Spent());
  EXPECT_FALSE(budgets.Take({2, "ann"}, now)) << "another application's";
  auto budget = budgets.Take({1, "ann"}, now);
  ASSERT_TRUE(budget);
  EXPECT_FALSE(budget->TakeMessage(now));
  EXPECT_TRUE(budget->TakeMessage(now + Duration::Millis(100)));
  EXPECT_FALSE(budgets.Take({1, "ann"}, now)) << "it is taken once";
}

TEST_F(DepartedBudgetsTest, TheLatestIsKept) {
  ControlBudget begun(limits);
  ASSERT_TRUE(begun.TakeMessage(now));
  budgets.Keep({1, "ann"}, begun);
  budgets.Keep({1, "ann"}, Spent());
  EXPECT_EQ(budgets.size(), 1u);
  EXPECT_FALSE(budgets.Take({1, "ann"}, now).value_or(begun).TakeMessage(now));
}

TEST_F(DepartedBudgetsTest, WhatIsThereAgainIsForgotten) {
  budgets.Keep({1, "ann"}, Spent());
  budgets.Keep({1, "bob"}, Spent());
  EXPECT_FALSE(budgets.Take({1, "cid"}, now + Duration::Millis(1'999)));
  EXPECT_EQ(budgets.size(), 2u);
  EXPECT_FALSE(budgets.Take({1, "bob"}, now + Duration::Millis(2'000)));
  EXPECT_EQ(budgets.size(), 0u);
}

TEST_F(DepartedBudgetsTest, AFullTableForgetsTheLongestDeparted) {
  for (size_t i = 0; i <= DepartedBudgets::kMaxUsers; ++i) {
    budgets.Keep({1, std::to_string(i)}, Spent());
  }
  EXPECT_EQ(budgets.size(), DepartedBudgets::kMaxUsers);
  EXPECT_FALSE(budgets.Take({1, "0"}, now));
  EXPECT_TRUE(budgets.Take({1, "1"}, now));
}

}  // namespace
}  // namespace ferry::gateway

#include "net/h3/settings.h"

#include <gtest/gtest.h>

#include "net/h3/testing/bytes.h"
#include "net/h3/varint.h"

namespace ferry::net {
namespace {

TEST(SettingsTest, UnderstandsWhatBrowsersSend) {
  const auto chromium = ParseSettings(Varints(
      {0x1, 65'536, 0x6, 16'384, 0x7, 100, 0x33, 1, 0xffd277, 1, 0x2b603742, 1, 0x5f3759df0, 42}));
  ASSERT_TRUE(chromium);
  EXPECT_TRUE(chromium->datagrams);
  EXPECT_TRUE(chromium->webtransport);
  EXPECT_FALSE(chromium->connect_protocol);
  const auto firefox =
      ParseSettings(Varints({0x1, 65'536, 0x7, 20, 0x2b603742, 1, 0xffd277, 1, 0x33, 1, 0x8, 1}));
  ASSERT_TRUE(firefox);
  EXPECT_TRUE(firefox->datagrams && firefox->webtransport && firefox->connect_protocol);
}

TEST(SettingsTest, KnowsWebTransportByEachDraftsNameForIt) {
  for (const uint64_t id : {0x2b603742u, 0xc671706au, 0x14e9cd29u, 0x2c7cf000u}) {
    EXPECT_TRUE(ParseSettings(Varints({id, 1}))->webtransport);
    EXPECT_FALSE(ParseSettings(Varints({id, 0}))->webtransport);
  }
}

TEST(SettingsTest, OursOfferEverything) {
  const auto ours = ParseSettings(OurSettings());
  ASSERT_TRUE(ours);
  EXPECT_TRUE(ours->datagrams && ours->webtransport && ours->connect_protocol);
}

TEST(SettingsTest, OursAnnounceNoFlowControlOfSessions) {
  const std::vector<uint8_t> bytes = OurSettings();
  ByteSpan ours(bytes);
  while (!ours.empty()) {
    const auto id = TakeVarint(ours);
    ASSERT_TRUE(TakeVarint(ours));
    for (const uint64_t announces : {0x2b61u, 0x2b64u, 0x2b65u}) EXPECT_NE(id, announces);
  }
}

TEST(SettingsTest, RefusesWhatTheRfcForbids) {
  const auto error = [](const ByteVector& payload) { return ParseSettings(payload).error(); };
  EXPECT_EQ(error(Varints({0x33, 1, 0x33, 1})), H3Error::kSettingsError);
  EXPECT_EQ(error(Varints({0x777, 1, 0x777, 2})), H3Error::kSettingsError);
  EXPECT_EQ(error(Varints({0x33, 2})), H3Error::kSettingsError);
  EXPECT_EQ(error(Varints({0x8, 2})), H3Error::kSettingsError);
  for (const uint64_t reserved : {0x0, 0x2, 0x3, 0x4, 0x5}) {
    EXPECT_EQ(error(Varints({reserved, 1})), H3Error::kSettingsError);
  }
}

TEST(SettingsTest, RefusesAPayloadThatEndsWithinASetting) {
  const ByteVector whole = Varints({0x2b603742, 100'000});
  for (size_t size = 1; size < whole.size(); ++size) {
    EXPECT_EQ(ParseSettings(ByteSpan(whole).first(size)).error(), H3Error::kFrameError);
  }
}

TEST(SettingsTest, RefusesMoreThanAnyoneHas) {
  ByteVector many;
  for (uint64_t i = 0; i <= kMaxSettingsCount; ++i) {
    AppendVarint(many, 0x100 + i);
    AppendVarint(many, 0);
  }
  EXPECT_EQ(ParseSettings(many).error(), H3Error::kExcessiveLoad);
}

}  // namespace
}  // namespace ferry::net

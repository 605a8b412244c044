// Virtual time: weeks pass at once.
#include "gateway/net/certificate_store.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "core/base/testing/temporary_folder.h"
#include "gateway/testing/fakes.h"

namespace ferry::gateway {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kDay = 86'400;

class CertificateStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<CertificateStore> SelfSigned() {
    auto store = CertificateStore::Open({.directory = directory, .names = {"a.test"}}, clock);
    EXPECT_TRUE(store) << store.error().message;
    return std::move(*store);
  }
  Result<std::unique_ptr<CertificateStore>> OfFiles() {
    return CertificateStore::Open(
        {.certificate = directory / "chain.pem", .private_key = directory / "key.pem"}, clock);
  }
  void WriteFiles(const PemPair& pair) {
    std::ofstream(directory / "chain.pem") << pair.certificate_chain;
    std::ofstream(directory / "key.pem") << pair.private_key;
  }
  PemPair Made() { return MakeSelfSigned({}, clock.UnixMs() / 1000).value(); }
  void AdvanceSeconds(int64_t seconds) { clock.Advance(Duration::Seconds(seconds)); }
  bool Valid(const CertificateStore& store) const {
    const CertificateFacts& facts = store.current()->facts;
    const int64_t now = clock.UnixMs() / 1000;
    return facts.valid_from_s <= now && now < facts.valid_until_s;
  }

  testing::FakeClock clock;
  const TemporaryFolder folder;
  const fs::path directory = folder.path();
};

TEST_F(CertificateStoreTest, IsShortLivedEnoughForBrowsersThatTrustItsHash) {
  const auto store = SelfSigned();
  const auto identity = store->current();
  EXPECT_LE(identity->facts.valid_until_s - identity->facts.valid_from_s, 14 * kDay);
  EXPECT_TRUE(Valid(*store));
  EXPECT_EQ(store->hashes()[0], identity->facts.hash);
}

TEST_F(CertificateStoreTest, AnnouncesEachCertificateBeforeItServes) {
  const auto store = SelfSigned();
  auto announced = store->hashes();
  ASSERT_EQ(announced.size(), 2u);
  int changes = 0;
  for (int hour = 0; hour < 60 * 24; ++hour) {
    AdvanceSeconds(3600);
    if (store->Renew().value()) {
      ++changes;
      EXPECT_EQ(store->hashes()[0], announced[1]);
      EXPECT_NE(store->hashes()[1], announced[1]);
      announced = store->hashes();
    }
    ASSERT_TRUE(Valid(*store)) << hour;
    ASSERT_EQ(store->current()->facts.hash, announced[0]);
  }
  EXPECT_EQ(changes, 9) << "each six and a half days of sixty";
}

TEST_F(CertificateStoreTest, KeepsBothOverARestart) {
  const auto before = SelfSigned()->hashes();
  AdvanceSeconds(3 * kDay);
  EXPECT_EQ(SelfSigned()->hashes(), before);
  AdvanceSeconds(5 * kDay);
  const auto after = SelfSigned();
  EXPECT_EQ(after->hashes()[0], before[1]) << "the announced one, not a third";
  EXPECT_TRUE(Valid(*after));
}

TEST_F(CertificateStoreTest, BeginsAnewAfterALongPause) {
  const auto before = SelfSigned()->hashes();
  AdvanceSeconds(40 * kDay);
  const auto store = SelfSigned();
  EXPECT_TRUE(Valid(*store));
  EXPECT_NE(store->hashes()[0], before[0]);
  EXPECT_NE(store->hashes()[0], before[1]);
}

TEST_F(CertificateStoreTest, ReplacesWhatItCannotRead) {
  const auto before = SelfSigned()->hashes();
  std::ofstream(directory / "private-key.pem") << "rubbish";
  std::ofstream(directory / "next-certificate.pem") << "";
  const auto after = SelfSigned();
  EXPECT_TRUE(Valid(*after));
  EXPECT_NE(after->hashes()[0], before[0]);
  EXPECT_EQ(SelfSigned()->hashes(), after->hashes());
}

TEST_F(CertificateStoreTest, SaysWhenItsFolderIsNotThere) {
  const auto store = CertificateStore::Open({.directory = directory / "missing"}, clock);
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find("is it writable?"), std::string::npos);
}

TEST_F(CertificateStoreTest, ReloadsItsFilesWhenTheyChanged) {
  WriteFiles(Made());
  const auto store = OfFiles();
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_TRUE((*store)->hashes().empty()) << "its issuer is to be trusted, not its hash";
  const auto old = (*store)->current();
  EXPECT_FALSE((*store)->Reload().value());
  WriteFiles(Made());
  EXPECT_TRUE((*store)->Reload().value());
  EXPECT_NE((*store)->current()->facts.hash, old->facts.hash);
  EXPECT_FALSE((*store)->Renew().value());
}

TEST_F(CertificateStoreTest, KeepsTheOldOneWhenTheFilesAreNoGood) {
  WriteFiles(Made());
  const auto store = OfFiles();
  ASSERT_TRUE(store);
  const auto old = (*store)->current();
  const PemPair other = Made();
  WriteFiles({old->pem.certificate_chain, other.private_key});
  auto reloaded = (*store)->Reload();
  ASSERT_FALSE(reloaded);
  EXPECT_NE(reloaded.error().message.find("the private key is not the certificate's"),
            std::string::npos)
      << reloaded.error().message;
  fs::remove(directory / "key.pem");
  reloaded = (*store)->Reload();
  ASSERT_FALSE(reloaded);
  EXPECT_NE(reloaded.error().message.find("key.pem"), std::string::npos);
  EXPECT_EQ((*store)->current(), old);
}

TEST_F(CertificateStoreTest, SaysWhatIsWrongWithItsTime) {
  WriteFiles(Made());
  AdvanceSeconds(-kDay);
  const auto store = OfFiles();
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ((*store)->TimeFault(), "not valid before 2023-11-14T22:13:20Z");
  AdvanceSeconds(kDay);
  EXPECT_EQ((*store)->TimeFault(), "");
  AdvanceSeconds(13 * kDay);
  EXPECT_EQ((*store)->TimeFault(), "expired on 2023-11-27T22:13:20Z");
}

}  // namespace
}  // namespace ferry::gateway

#include "net/h3/capsule.h"

#include <gtest/gtest.h>

#include "net/h3/testing/bytes.h"

namespace ferry::net {
namespace {

constexpr uint64_t kClose = 0x2843;
constexpr uint64_t kDrain = 0x78ae;
constexpr uint64_t kGrease = 0x29 * 5 + 0x17;

TEST(CapsuleTest, ReadsACloseAmongOthersHoweverTheBytesAreCut) {
  ByteVector bytes = Tlv(kGrease, ByteVector(48, 3));  // as Chromium sends first of all
  // Draining and flow control, of which we make no use.
  bytes = Concat({bytes, Tlv(kDrain), Tlv(0x190b4d3d, Varints({1000}))});
  AppendCloseCapsule(bytes, 4242, "bye");
  ForEverySplit(bytes, [](const std::vector<ByteSpan>& pieces) {
    CapsuleReader reader;
    std::vector<CloseCapsule> read;
    for (ByteSpan data : pieces) {
      for (;;) {
        const auto capsule = reader.Next(data);
        ASSERT_TRUE(capsule);
        if (!*capsule) break;
        read.push_back(**capsule);
      }
    }
    ASSERT_EQ(read.size(), 1u);
    EXPECT_EQ(read[0].code, 4242u);
    EXPECT_EQ(read[0].reason, "bye");
    EXPECT_TRUE(reader.between());
  });
}

TEST(CapsuleTest, RefusesACloseWithoutACodeOrWithTooLongAReason) {
  for (const size_t size : {size_t{0}, size_t{3}, 4 + kMaxCloseReasonBytes + 1}) {
    const ByteVector bytes = Varints({kClose, size});  // already its length tells
    ByteSpan data(bytes);
    EXPECT_EQ(CapsuleReader().Next(data).error(), H3Error::kMessageError) << size;
  }
  for (const size_t size : {size_t{4}, 4 + kMaxCloseReasonBytes}) {
    const ByteVector bytes = Tlv(kClose, ByteVector(size, 'x'));
    ByteSpan data(bytes);
    EXPECT_EQ(CapsuleReader().Next(data).value()->reason.size(), size - 4);
  }
}

TEST(CapsuleTest, CutsAReasonBetweenCharacters) {
  const std::string reason = std::string(kMaxCloseReasonBytes - 1, 'a') + "\u00e9";
  ByteVector bytes;
  AppendCloseCapsule(bytes, 1, reason);
  ByteSpan data(bytes);
  EXPECT_EQ(CapsuleReader().Next(data).value()->reason, std::string(kMaxCloseReasonBytes - 1, 'a'));
}

TEST(CapsuleTest, SkipsACapsuleWithoutEnd) {
  ByteVector bytes = Varints({kGrease, kMaxVarint});
  bytes.resize(bytes.size() + 10'000);
  CapsuleReader reader;
  ByteSpan data(bytes);
  EXPECT_FALSE(reader.Next(data).value().has_value());
  EXPECT_TRUE(data.empty());
  EXPECT_FALSE(reader.between());
}

}  // namespace
}  // namespace ferry::net

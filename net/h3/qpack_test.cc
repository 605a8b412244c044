#include "net/h3/qpack.h"

#include <gtest/gtest.h>

#include "net/h3/settings.h"
#include "net/h3/testing/bytes.h"

namespace ferry::net {
namespace {

TEST(QpackTest, ReadsTheExampleOfTheRfc) {
  // RFC 9204 appendix B.1.
  const ByteVector block{0x00, 0x00, 0x51, 0x0b, 0x2f, 0x69, 0x6e, 0x64,
                         0x65, 0x78, 0x2e, 0x68, 0x74, 0x6d, 0x6c};
  const auto fields = DecodeHeaders(block);
  ASSERT_TRUE(fields);
  ASSERT_EQ(fields->size(), 1u);
  EXPECT_EQ((*fields)[0].name, ":path");
  EXPECT_EQ((*fields)[0].value, "/index.html");
}

TEST(QpackTest, ReadsHuffmanCodedText) {
  // "www.example.com" of RFC 7541 appendix C.4.1, as the value of :authority.
  const ByteVector block{0x00, 0x00, 0x50, 0x8c, 0xf1, 0xe3, 0xc2, 0xe5,
                         0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff};
  EXPECT_EQ(DecodeHeaders(block)->at(0).value, "www.example.com");
}

TEST(QpackTest, ReadsBackWhatItWrites) {
  const std::string long_value(1000, 'v');
  const std::string long_name(200, 'n');
  HeaderEncoder encoder;
  encoder.Indexed(15);
  encoder.Indexed(71);
  encoder.NameOf(1, "/p");
  encoder.NameOf(90, long_value);
  encoder.Literal("n", "");
  encoder.Literal(long_name, "v");
  const auto fields = DecodeHeaders(encoder.block());
  ASSERT_TRUE(fields);
  std::vector<std::pair<std::string, std::string>> read;
  for (const auto& [name, value] : *fields) read.emplace_back(name, value);
  EXPECT_EQ(read, (std::vector<std::pair<std::string, std::string>>{{":method", "CONNECT"},
                                                                    {":status", "500"},
                                                                    {":path", "/p"},
                                                                    {"origin", long_value},
                                                                    {"n", ""},
                                                                    {long_name, "v"}}));
}

TEST(QpackTest, RefusesABlockThatEndsAnywhereWithinAField) {
  HeaderEncoder encoder;
  encoder.Literal("some-name", "some value");
  const ByteVector& block = encoder.block();
  for (size_t size = 0; size < block.size(); ++size) {
    if (size == 2) continue;  // no field at all is a block
    EXPECT_EQ(DecodeHeaders(ByteSpan(block).first(size)).error(),
              H3Error::kQpackDecompressionFailed);
  }
}

TEST(QpackTest, RefusesReferencesToTheDynamicTable) {
  for (const ByteVector& block :
       {ByteVector{0x02, 0x00, 0x80}, ByteVector{0x00, 0x00, 0x80}, ByteVector{0x00, 0x00, 0x10}}) {
    EXPECT_EQ(DecodeHeaders(block).error(), H3Error::kQpackDecompressionFailed);
  }
}

TEST(QpackTest, RefusesAStaticEntryThatDoesNotExist) {
  EXPECT_EQ(DecodeHeaders(ByteVector{0x00, 0x00, 0xff, 0x40}).error(),
            H3Error::kQpackDecompressionFailed);
}

TEST(QpackTest, RefusesASmallBlockThatUnpacksToALargeOne) {
  HeaderEncoder encoder;
  for (int i = 0; i < 1000; ++i) encoder.Indexed(15);  // one byte each
  EXPECT_LT(encoder.block().size(), kMaxHeaderBytes);
  EXPECT_EQ(DecodeHeaders(encoder.block()).error(), H3Error::kExcessiveLoad);
}

TEST(QpackTest, TakesOnlyAnEmptyTableOnTheEncoderStream) {
  EXPECT_TRUE(ValidEncoderStream({}));
  EXPECT_TRUE(ValidEncoderStream(ByteVector{0x20, 0x20}));
  EXPECT_FALSE(ValidEncoderStream(ByteVector{0x21}));
  EXPECT_FALSE(ValidEncoderStream(ByteVector{0x20, 0xc0}));
}

TEST(QpackTest, TakesOnlyCancellationsOnTheDecoderStream) {
  const ByteVector cancellations{0x44, 0x7f, 0x81, 0x02, 0x40};
  ForEverySplit(cancellations, [](const std::vector<ByteSpan>& pieces) {
    QpackDecoderStreamReader reader;
    for (const ByteSpan piece : pieces) EXPECT_TRUE(reader.Read(piece));
  });
  EXPECT_FALSE(QpackDecoderStreamReader().Read(ByteVector{0x84}));  // an acknowledgement
  EXPECT_FALSE(QpackDecoderStreamReader().Read(ByteVector{0x01}));  // an increment
  EXPECT_FALSE(QpackDecoderStreamReader().Read(Concat({{0x7f}, ByteVector(10, 0x80)})));
}

}  // namespace
}  // namespace ferry::net

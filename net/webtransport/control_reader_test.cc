#include "net/webtransport/control_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace ferry::net {
namespace {

std::vector<uint8_t> Framed(const std::vector<std::string>& messages) {
  std::vector<uint8_t> out;
  for (const auto& message : messages) {
    AppendControl(out, {reinterpret_cast<const uint8_t*>(message.data()), message.size()});
  }
  return out;
}

void ReadAll(ControlReader& reader, ByteSpan data, std::vector<std::string>& out) {
  while (const auto message = reader.Next(data)) out.emplace_back(*message);
  EXPECT_TRUE(data.empty());
}

const std::vector<std::string> kMessages{"{}", "", std::string(63, 'a'), std::string(64, 'b'), "x"};

TEST(ControlReaderTest, ReadsMessagesCutAtEveryByte) {
  const auto bytes = Framed(kMessages);
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    ControlReader reader;
    std::vector<std::string> read;
    ReadAll(reader, ByteSpan(bytes).first(cut), read);
    ReadAll(reader, ByteSpan(bytes).subspan(cut), read);
    EXPECT_EQ(read, kMessages) << "cut at " << cut;
  }
}

TEST(ControlReaderTest, ReadsMessagesByteByByte) {
  const auto bytes = Framed(kMessages);
  ControlReader reader;
  std::vector<std::string> read;
  for (const uint8_t byte : bytes) ReadAll(reader, {&byte, 1}, read);
  EXPECT_EQ(read, kMessages);
}

TEST(ControlReaderTest, TakesTheLargestMessageAndRefusesALargerAtItsLength) {
  const std::vector<std::string> largest{std::string(kMaxControlBytes, 'm'), "after"};
  ControlReader reader;
  std::vector<std::string> read;
  ReadAll(reader, Framed(largest), read);
  EXPECT_EQ(read, largest);
  EXPECT_FALSE(reader.failed());

  std::vector<uint8_t> larger;
  AppendVarint(larger, kMaxControlBytes + 1);
  larger.push_back('{');
  read.clear();
  ReadAll(reader, larger, read);
  EXPECT_TRUE(reader.failed());
  ReadAll(reader, Framed({"more"}), read);
  EXPECT_TRUE(read.empty());
}

TEST(ControlReaderTest, TakesALengthInAnyOfItsForms) {
  const std::vector<uint8_t> bytes{0xC0, 0, 0, 0, 0, 0, 0, 2, 'o', 'k'};
  ControlReader reader;
  std::vector<std::string> read;
  ReadAll(reader, bytes, read);
  EXPECT_EQ(read, std::vector<std::string>{"ok"});
}

}  // namespace
}  // namespace ferry::net

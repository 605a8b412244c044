#include "client/media/wav.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>

#include "client/testing/files.h"
#include "client/testing/ivf.h"

namespace ferry::client {
namespace {

using testing::Bytes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LittleBytes;
using testing::Texts;

struct Format {
  uint64_t tag = 1;
  uint64_t channels = 1;
  uint64_t rate = 48'000;
  uint64_t bits = 16;
};

std::string Chunk(const std::string& name, const std::string& bytes) {
  return name + LittleBytes(bytes.size(), 4) + bytes + std::string(bytes.size() % 2, '\0');
}
std::string Riff(const std::string& chunks) {
  return "RIFF" + LittleBytes(4 + chunks.size(), 4) + "WAVE" + chunks;
}
std::string FormatBytes(const Format& format) {
  const uint64_t block = format.channels * ((format.bits + 7) / 8);
  return LittleBytes(format.tag, 2) + LittleBytes(format.channels, 2) +
         LittleBytes(format.rate, 4) + LittleBytes(format.rate * block, 4) + LittleBytes(block, 2) +
         LittleBytes(format.bits, 2);
}
std::string Wav(const Format& format, const std::string& data) {
  return Riff(Chunk("fmt ", FormatBytes(format)) + Chunk("data", data));
}
// A format with what samples a container has, and whose they are.
std::string Extensible(const Format& format, uint64_t valid_bits, const std::string& guid_tail) {
  Format outer = format;
  outer.tag = 0xFFFE;
  return FormatBytes(outer) + LittleBytes(22, 2) + LittleBytes(valid_bits, 2) + LittleBytes(0, 4) +
         LittleBytes(format.tag, 2) + guid_tail;
}
const std::string kGuidTail("\x00\x00\x00\x00\x10\x00\x80\x00\x00\xAA\x00\x38\x9B\x71", 14);
const std::string kData = LittleBytes(0x4000, 2) + LittleBytes(0xC000, 2);

std::string Refusal(const std::string& bytes) {
  const auto reader = WavReader::Open(Bytes(bytes));
  return reader ? "taken" : reader.error().message;
}
std::vector<float> ReadAll(WavReader& reader) {
  std::vector<float> all;
  std::array<float, 6> some;
  for (size_t got = some.size(); got == some.size();) {
    got = reader.Read(some);
    all.insert(all.end(), some.begin(), some.begin() + static_cast<ptrdiff_t>(got));
  }
  return all;
}

TEST(Wav, SamplesComeBack) {
  const testing::TemporaryFolder folder;
  std::vector<float> written(962);
  for (size_t i = 0; i < written.size(); ++i) {
    written[i] = 0.5f * std::sin(static_cast<float>(i) / 10);
  }
  {
    auto writer = WavWriter::Create(folder / "x", 2);
    ASSERT_TRUE(writer);
    writer->Write(written);
    EXPECT_TRUE(writer->Finish());
  }
  auto reader = WavReader::Open(Bytes(folder.Read("x")));
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(reader->channels(), 2);
  for (int round = 0; round < 2; ++round, reader->Rewind()) {
    const auto read = ReadAll(*reader);
    ASSERT_EQ(read.size(), written.size()) << "to the last";
    for (size_t i = 0; i < read.size(); ++i) ASSERT_NEAR(read[i], written[i], 1e-4) << i;
  }
  EXPECT_THAT(reader->notes().Take(), IsEmpty());
}

TEST(Wav, FloatsAreReadAndWhatIsNoNumberIsSilent) {
  std::string data;
  for (const float sample : {0.25f, -2.0f, NAN, INFINITY}) {
    data += LittleBytes(std::bit_cast<uint32_t>(sample), 4);
  }
  auto reader = WavReader::Open(Bytes(Wav({.tag = 3, .bits = 32}, data)));
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_THAT(ReadAll(*reader), ElementsAre(0.25f, -1.0f, 0.0f, 0.0f));
}

TEST(Wav, OtherSamplesAreRefusedByName) {
  const auto refusal = [](const Format& format) { return Refusal(Wav(format, kData)); };
  EXPECT_EQ(refusal({}), "taken");
  EXPECT_THAT(refusal({.bits = 8}), HasSubstr("integers of 8 bits"));
  EXPECT_THAT(refusal({.bits = 24}), HasSubstr("integers of 24 bits"));
  EXPECT_THAT(refusal({.bits = 32}), HasSubstr("integers of 32 bits"));
  EXPECT_THAT(refusal({.tag = 3, .bits = 64}), HasSubstr("floating point of 64 bits"));
  EXPECT_THAT(refusal({.tag = 3, .bits = 16}), HasSubstr("floating point of 16 bits"));
  EXPECT_THAT(refusal({.tag = 6, .bits = 8}), HasSubstr("A-law"));
  EXPECT_THAT(refusal({.tag = 7, .bits = 8}), HasSubstr("mu-law"));
  EXPECT_THAT(refusal({.tag = 2, .bits = 4}), HasSubstr("Microsoft ADPCM"));
  EXPECT_THAT(refusal({.tag = 0x55, .bits = 0}), HasSubstr("MPEG"));
  EXPECT_THAT(refusal({.tag = 0x1234, .bits = 16}), HasSubstr("0x1234"));
  EXPECT_THAT(refusal({.bits = 24}), HasSubstr("ffmpeg -i x -ar 48000 -c:a pcm_s16le"));
}

TEST(Wav, ExtensibleFormatsAreWhatTheySay) {
  const auto refusal = [](const std::string& format) {
    return Refusal(Riff(Chunk("fmt ", format) + Chunk("data", kData + kData)));
  };
  EXPECT_EQ(refusal(Extensible({}, 16, kGuidTail)), "taken");
  EXPECT_EQ(refusal(Extensible({.tag = 3, .bits = 32}, 32, kGuidTail)), "taken");
  EXPECT_THAT(refusal(Extensible({.bits = 32}, 24, kGuidTail)),
              HasSubstr("integers of 24 bits in 32"));
  EXPECT_THAT(refusal(Extensible({}, 16, std::string(14, 'x'))), HasSubstr("not known"));
  EXPECT_THAT(refusal(Extensible({}, 16, "").substr(0, 18)), HasSubstr("too short"));
}

TEST(Wav, EveryRefusalHasItsOwnReason) {
  const auto refusal = [](const Format& format) { return Refusal(Wav(format, kData)); };
  EXPECT_THAT(refusal({.rate = 44'100}),
              HasSubstr("44100 Hz, not 48 kHz; make it over: ffmpeg -i x -ar 48000"));
  EXPECT_THAT(refusal({.channels = 6}), HasSubstr("6 channels, more than two"));
  EXPECT_THAT(refusal({.channels = 0}), HasSubstr("0 channels"));
  std::string odd = Wav({}, kData);
  odd[32] = 3;
  EXPECT_THAT(Refusal(odd), HasSubstr("3 bytes for a sample"));
  EXPECT_THAT(Refusal(Riff(Chunk("data", kData))), HasSubstr("before their format"));
  EXPECT_THAT(Refusal(Riff(Chunk("fmt ", "short"))), HasSubstr("format ends too early"));
}

TEST(Wav, AFileWithoutSamplesIsRefused) {
  EXPECT_THAT(Refusal(Wav({}, "")), HasSubstr("no samples in it, it ends at byte 44"));
  EXPECT_THAT(Refusal(Wav({}, "") + kData), HasSubstr("broken off"));
  EXPECT_THAT(Refusal(Riff(Chunk("fmt ", FormatBytes({})))),
              HasSubstr("ends at byte 36, before its samples"));
  const std::string whole = Wav({}, kData);
  for (size_t size = 0; size <= 44; ++size) {
    EXPECT_NE(Refusal(whole.substr(0, size)), "taken") << size;
  }
}

TEST(Wav, WhatIsCutShortIsToldWithItsPlace) {
  const std::string whole = Wav({.channels = 2}, kData + kData);
  auto reader = WavReader::Open(Bytes(whole.substr(0, 49)));
  ASSERT_TRUE(reader);
  EXPECT_THAT(ReadAll(*reader), ElementsAre(0.5f, -0.5f));
  EXPECT_THAT(Texts(reader->notes().Take()),
              ElementsAre("!x: it ends at byte 49, 3 bytes of samples before its header says",
                          "!x: the last sample, at byte 48, is not whole"));
}

TEST(Wav, OfUnknownLengthItGoesOnToTheEnd) {
  for (const uint64_t length : {0xFFFF'FFFFu, 0x7FFF'F000u, 0x8000'0000u}) {
    const std::string file =
        Riff(Chunk("fmt ", FormatBytes({}))) + "data" + LittleBytes(length, 4) + kData;
    auto reader = WavReader::Open(Bytes(file));
    ASSERT_TRUE(reader);
    EXPECT_THAT(ReadAll(*reader), ElementsAre(0.5f, -0.5f));
    EXPECT_THAT(reader->notes().Take(), IsEmpty());
  }
}

TEST(Wav, IsReadFromAPipe) {
  const testing::TemporaryFolder folder;
  // What lies between format and samples cannot be leapt over there.
  const testing::Fifo fifo(folder / "pipe", Riff(Chunk("fmt ", FormatBytes({})) +
                                                 Chunk("LIST", "odd") + Chunk("data", kData)));
  auto file = InputFile::Open(folder / "pipe");
  ASSERT_TRUE(file);
  auto reader = WavReader::Open(std::move(*file));
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_FALSE(reader->rewindable());
  EXPECT_THAT(ReadAll(*reader), ElementsAre(0.5f, -0.5f));
}

}  // namespace
}  // namespace ferry::client

#include "client/media/ogg_opus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "client/testing/files.h"
#include "client/testing/ogg.h"
#include "core/audio/opus_encoder.h"

namespace ferry::client {
namespace {

using testing::Bytes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::InOrder;
using ::testing::IsEmpty;
using testing::kOggTags;
using testing::OggFile;
using testing::OggHead;
using testing::OggStream;
using testing::OpusPacketOf;
using testing::Texts;

std::string Refusal(const std::string& bytes) {
  const auto reader = OggOpusReader::Open(Bytes(bytes));
  return reader ? "taken" : reader.error().message;
}
// What follows the packets' first bytes.
std::vector<std::string> Packets(OggOpusReader& reader) {
  std::vector<std::string> packets;
  for (OpusFilePacket packet; reader.ReadPacket(packet);) {
    packets.emplace_back(packet.bytes.begin() + 1, packet.bytes.end());
  }
  return packets;
}
std::vector<float> Samples(OggOpusReader& reader) {
  std::vector<float> samples;
  std::array<float, 482> some;
  for (size_t got = some.size(); got == some.size();) {
    got = reader.Read(some);
    samples.insert(samples.end(), some.begin(), some.begin() + static_cast<ptrdiff_t>(got));
  }
  return samples;
}
// In samples.
size_t Length(const std::string& bytes) {
  auto reader = OggOpusReader::Open(Bytes(bytes));
  return reader ? Samples(*reader).size() : 0;
}
// Packets of 20 ms of a tone of 0.5.
std::vector<std::string> Tone(int count) {
  auto encoder = OpusEncoder::Create({.channels = 1});
  EXPECT_TRUE(encoder);
  std::vector<std::string> packets;
  for (int i = 0; i < count; ++i) {
    std::array<float, kOpusFrameSamples> pcm;
    for (size_t s = 0; s < pcm.size(); ++s) {
      pcm[s] = 0.5f * static_cast<float>(std::sin(0.05 * static_cast<double>(i * 960) +
                                                  0.05 * static_cast<double>(s)));
    }
    std::array<uint8_t, kMaxOpusPacketBytes> bytes;
    const auto size = encoder->Encode(pcm, bytes);
    EXPECT_TRUE(size);
    packets.emplace_back(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(*size));
  }
  return packets;
}
double Power(const std::vector<float>& samples) {
  double energy = 0;
  for (const float sample : samples) energy += sample * sample;
  return energy / static_cast<double>(samples.size());
}

TEST(OggOpus, PacketsComeWholeAcrossPagesAndAnew) {
  const std::string longer = OpusPacketOf(std::string(700, 'x'));
  OggStream stream;
  const std::string file =
      InOrder({stream.Page({OggHead(1)}), stream.Page({kOggTags}),
               stream.Page({OpusPacketOf("one"), longer.substr(0, 510)}, {.open = true}),
               stream.Page({longer.substr(510), OpusPacketOf("three")}, {.last = true})});
  auto reader = OggOpusReader::Open(Bytes(file));
  ASSERT_TRUE(reader) << reader.error().message;
  for (int round = 0; round < 2; ++round, reader->Rewind()) {
    EXPECT_THAT(Packets(*reader), ElementsAre("one", std::string(700, 'x'), "three"));
  }
  EXPECT_THAT(reader->notes().Take(), IsEmpty());
}

TEST(OggOpus, CoverArtOfAnySizeIsPassedOver) {
  OggStream stream;
  std::string file = stream.Page({OggHead(1)});
  std::string tags = kOggTags + std::string(200'000, 'p');
  for (constexpr size_t kPage = 255 * 255; tags.size() >= kPage; tags.erase(0, kPage)) {
    file += stream.Page({tags.substr(0, kPage)}, {.open = true});
  }
  file += InOrder({stream.Page({tags}), stream.Page({OpusPacketOf("sound")}, {.last = true})});
  auto reader = OggOpusReader::Open(Bytes(file));
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_THAT(Packets(*reader), ElementsAre("sound"));
  EXPECT_THAT(reader->notes().Take(), IsEmpty());
}

TEST(OggOpus, SoundComesBackWithoutTheDecodersStart) {
  auto reader = OggOpusReader::Open(Bytes(OggFile(Tone(20), OggHead(1, 768))));
  ASSERT_TRUE(reader) << reader.error().message;
  for (int round = 0; round < 2; ++round, reader->Rewind()) {
    const auto samples = Samples(*reader);
    EXPECT_EQ(samples.size(), 20 * 960 - 768u);
    EXPECT_NEAR(Power(samples), 0.125, 0.03);
  }
}

TEST(OggOpus, EndsWhereTheLastPageSays) {
  const auto packets = Tone(20);
  EXPECT_EQ(Length(OggFile(packets, OggHead(1, 312), 10'000)), 10'000 - 312u);
  EXPECT_EQ(Length(OggFile(packets, OggHead(1, 312), 100'000)), 20 * 960 - 312u)
      << "no more than there is";
  // A recording that was begun in the middle of a stream: positions count from there.
  OggStream stream;
  const std::string file =
      InOrder({stream.Page({OggHead(1)}), stream.Page({kOggTags}),
               stream.Page({packets[0], packets[1]}, {.granule = 1'000'000}),
               stream.Page({packets[2], packets[3]}, {.granule = 1'001'000, .last = true})});
  EXPECT_EQ(Length(file), 2'920u);
  OpusFilePacket packet;
  auto reader = OggOpusReader::Open(Bytes(file));
  std::vector<size_t> kept;
  while (reader->ReadPacket(packet)) kept.push_back(packet.kept);
  EXPECT_THAT(kept, ElementsAre(960, 960, 960, 40));
}

TEST(OggOpus, ItsGainIsObeyed) {
  const auto packets = Tone(20);
  const auto power = [&](int gain) {
    auto reader = OggOpusReader::Open(Bytes(OggFile(packets, OggHead(1, 312, gain))));
    return reader ? Power(Samples(*reader)) : 0;
  };
  EXPECT_NEAR(10 * std::log10(power(-6 * 256) / power(0)), -6, 0.01);
  EXPECT_NEAR(10 * std::log10(power(3 * 256) / power(0)), 3, 0.01);
  EXPECT_LE(power(100 * 256), 1.0) << "no louder than loud";
}

TEST(OggOpus, EveryRefusalHasItsOwnReason) {
  const auto with = [](const std::string& head) {
    return Refusal(OggFile({OpusPacketOf("x")}, head));
  };
  EXPECT_EQ(with(OggHead(2)), "taken");
  EXPECT_THAT(with(OggHead(0)), HasSubstr("0 channels"));
  EXPECT_THAT(with(OggHead(3)),
              HasSubstr("3 channels, more than two; make it over: ffmpeg -i x -ac 2"));
  EXPECT_THAT(with(OggHead(2, 0, 0, 1)), HasSubstr("mapping family 1, not 0"));
  EXPECT_THAT(with(OggHead(2, 0, 0, 0, 0x11)), HasSubstr("version 17"));
  EXPECT_EQ(with(OggHead(2, 0, 0, 0, 0x0F)), "taken") << "RFC 7845 §5.1: of the same major version";
  EXPECT_THAT(with(OggHead(2).substr(0, 18)), HasSubstr("has 18 bytes, fewer than 19"));
  EXPECT_THAT(with("\x01vorbis" + std::string(30, '\0')), HasSubstr("it carries Vorbis, not Opus"));
  EXPECT_THAT(with("\x80theora"), HasSubstr("Theora"));
  EXPECT_THAT(with("Speex   "), HasSubstr("ffmpeg -i x -c:a libopus"));
  EXPECT_THAT(with("what?"), HasSubstr("a codec that is not known"));
  OggStream stream;
  EXPECT_THAT(
      Refusal(InOrder({stream.Page({OggHead(1)}), stream.Page({"NotTags"}, {.last = true})})),
      HasSubstr("no OpusTags"));
  EXPECT_THAT(Refusal(stream.Page({"in the middle"})), HasSubstr("begins within a stream"));
  EXPECT_THAT(Refusal("nothing of Ogg"), HasSubstr("no whole Ogg page in it"));
}

TEST(OggOpus, AFileWithoutSoundIsRefused) {
  EXPECT_THAT(Refusal(OggFile({})), HasSubstr("no sound in it, it ends at byte 118"));
  EXPECT_THAT(Refusal(OggFile({""})), HasSubstr("packet of no bytes"))
      << "and what there is instead is told";
  OggStream stream;
  const std::string headers = InOrder({stream.Page({OggHead(1)}), stream.Page({kOggTags})});
  for (size_t size = 0; size <= headers.size(); ++size) {
    EXPECT_NE(Refusal(headers.substr(0, size)), "taken") << size;
  }
}

TEST(OggOpus, OtherStreamsAreLeftOutByName) {
  OggStream theora(1), opus(2), second(3);
  const std::string file = InOrder(
      {theora.Page({"\x80theora"}), opus.Page({OggHead(1)}), second.Page({OggHead(2)}),
       theora.Page({"picture"}), opus.Page({kOggTags}), second.Page({kOggTags}),
       opus.Page({OpusPacketOf("one")}), second.Page({OpusPacketOf("not this")}),
       opus.Page({OpusPacketOf("two")}, {.last = true}), theora.Page({"picture"}, {.last = true})});
  auto reader = OggOpusReader::Open(Bytes(file));
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(reader->channels(), 1);
  EXPECT_THAT(Packets(*reader), ElementsAre("one", "two"));
  EXPECT_THAT(Texts(reader->notes().Take()), ElementsAre(HasSubstr("left out: Theora, Opus")))
      << "no damage";
}

TEST(OggOpus, AChainedStreamIsToldAndLeftOut) {
  auto reader =
      OggOpusReader::Open(Bytes(OggFile({OpusPacketOf("one")}) + OggFile({OpusPacketOf("two")})));
  ASSERT_TRUE(reader);
  EXPECT_THAT(Packets(*reader), ElementsAre("one"));
  EXPECT_THAT(Texts(reader->notes().Take()),
              ElementsAre(HasSubstr("!x: at byte 123 another stream follows")));
}

TEST(OggOpus, WhatIsDamagedIsToldAndTheRestHeard) {
  const auto page = [](OggStream& stream, const char* name, bool last = false) {
    return stream.Page({OpusPacketOf(name)}, {.last = last});
  };
  const auto heard = [](const std::string& bytes) {
    auto reader = OggOpusReader::Open(Bytes(bytes));
    EXPECT_TRUE(reader) << reader.error().message;
    auto packets = Packets(*reader);
    for (std::string& note : Texts(reader->notes().Take())) packets.push_back(std::move(note));
    return packets;
  };
  const auto begin = [](OggStream& stream) {
    return InOrder({stream.Page({OggHead(1)}), stream.Page({kOggTags})});
  };
  {
    OggStream stream;
    const std::string file = InOrder(
        {begin(stream), page(stream, "one"), std::string(80, 'x'), page(stream, "two", true)});
    EXPECT_THAT(heard(file), ElementsAre("one", "two", HasSubstr("!x: 80 bytes at byte 123")));
  }
  {
    OggStream stream;
    std::string file = InOrder({begin(stream), page(stream, "one")});
    stream.Lose();
    file += page(stream, "three", true);
    EXPECT_THAT(heard(file), ElementsAre("one", "three", "!x: pages are missing before byte 123"));
  }
  {
    OggStream stream;
    const std::string file = InOrder({begin(stream), page(stream, "one")});
    EXPECT_THAT(
        heard(file),
        ElementsAre("one", HasSubstr("!x: it ends at byte 123 without the page that says so")));
  }
  {
    OggStream stream;
    const std::string file =
        InOrder({begin(stream), stream.Page({OpusPacketOf("one"), "\xFB\xFF", ""}),
                 page(stream, "two", true)});
    EXPECT_THAT(heard(file),
                ElementsAre("one", "two", HasSubstr("!x: in the page at byte 91 there is"),
                            HasSubstr("packet of no bytes")));
  }
  {
    // A packet that goes on in a page that is lost, or that nothing began.
    OggStream stream;
    std::string file = InOrder(
        {begin(stream), stream.Page({OpusPacketOf("one"), std::string(255, 'x')}, {.open = true})});
    static_cast<void>(stream.Page({std::string(255, 'x')}, {.open = true}));
    file += stream.Page({"end", OpusPacketOf("two")}, {.last = true});
    EXPECT_THAT(heard(file),
                ElementsAre("one", "two", HasSubstr("!x: pages are missing before byte")));
  }
  {
    OggStream stream;
    const std::string file =
        InOrder({begin(stream),
                 stream.Page({OpusPacketOf(std::string(OggOpusReader::kMaxPacketBytes, 'x'))}),
                 page(stream, "two", true)});
    EXPECT_THAT(heard(file), ElementsAre("two", HasSubstr("a packet of 61441 bytes: left out")));
  }
}

TEST(OggOpus, IsReadFromAPipe) {
  const testing::TemporaryFolder folder;
  const testing::Fifo fifo(folder / "pipe", OggFile(Tone(5), OggHead(1, 312)));
  auto file = InputFile::Open(folder / "pipe");
  ASSERT_TRUE(file);
  auto reader = OggOpusReader::Open(std::move(*file));
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_FALSE(reader->rewindable());
  EXPECT_EQ(Samples(*reader).size(), 5 * 960 - 312u);
}

}  // namespace
}  // namespace ferry::client

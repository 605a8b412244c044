// The program against a gateway in the same process: what is published arrives, what is played is
// written, and what cannot be is refused in words.
#include "client/cli/cli.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "client/media/y4m.h"
#include "client/testing/files.h"
#include "client/testing/ivf.h"
#include "client/testing/ogg.h"
#include "core/rtp/rtcp.h"
#include "core/rtp/rtp_packet.h"
#include "core/video/codec/testing/synthetic_clip.h"
#include "core/video/codec/video_encoder.h"
#include "gateway/testing/gateway_fixture.h"

namespace ferry::client {
namespace {

using ::testing::HasSubstr;
using testing::IvfFrameOf;
using testing::IvfHeader;
using ::testing::Not;

// A run of the program in a thread of its own; the gateway runs in the test's.
class Program {
 public:
  explicit Program(std::vector<std::string> arguments)
      : thread_([this, arguments = std::move(arguments)] {
          std::vector<const char*> argv = {"ferry-cli"};
          for (const std::string& argument : arguments) argv.push_back(argument.c_str());
          status_ = RunCli(static_cast<int>(argv.size()), argv.data());
          done_ = true;
        }) {}
  ~Program() { thread_.join(); }
  bool done() const { return done_; }
  int status() const { return status_; }

 private:
  std::atomic<int> status_ = -1;
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

class CliTest : public gateway::GatewayTest {
 protected:
  void SetUp() override {
    GatewayTest::SetUp();
    Start();
    ::testing::internal::CaptureStderr();
  }
  void TearDown() override {
    if (!heard_) static_cast<void>(Said());
    GatewayTest::TearDown();
  }
  std::vector<std::string> Arguments(const std::string& command,
                                     std::vector<std::string> more) const {
    std::vector<std::string> all = {command,
                                    "https://127.0.0.1:" + std::to_string(gateway->port()),
                                    "--insecure",
                                    "--sdk-app-id",
                                    std::to_string(gateway::kApp),
                                    "--secret",
                                    gateway::kSecret,
                                    "--string-room",
                                    "--duration",
                                    "60"};
    if (std::ranges::find(more, std::string("--room")) == more.end())
      more.insert(more.end(), {"--room", "den"});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  int Publish(std::vector<std::string> more) {
    const Program run(Arguments("publish", std::move(more)));
    EXPECT_TRUE(Until([&] { return run.done(); }));
    return run.status();
  }
  // What the program said on standard error; once.
  std::string Said() {
    heard_ = true;
    return ::testing::internal::GetCapturedStderr();
  }

  const testing::TemporaryFolder folder;

 private:
  bool heard_ = false;
};

std::string Ivf(VideoSize size, int frames) {
  auto encoder = CreateVp8Encoder({.size = size, .bitrate = DataRate::KilobitsPerSec(300)});
  EXPECT_TRUE(encoder);
  const ferry::testing::SyntheticClip clip(size);
  std::string file = IvfHeader(30, 1, "VP80", size.width, size.height);
  for (int i = 0; i < frames; ++i) {
    I420Buffer picture;
    clip.Draw(i, picture);
    const auto encoded = (*encoder)->Encode(picture.view(), Timestamp::Millis(i * 33), false);
    EXPECT_TRUE(encoded);
    file += IvfFrameOf(static_cast<uint64_t>(i), {encoded->data.begin(), encoded->data.end()});
  }
  return file;
}
std::string Y4m(VideoSize size, int frames) {
  const ferry::testing::SyntheticClip clip(size);
  std::string file =
      "YUV4MPEG2 W" + std::to_string(size.width) + " H" + std::to_string(size.height) + " F30:1\n";
  for (int i = 0; i < frames; ++i) {
    I420Buffer picture;
    clip.Draw(i, picture);
    file += "FRAME\n" +
            std::string(picture.y(), picture.v() + picture.stride_uv() * size.chroma_height());
  }
  return file;
}

TEST_F(CliTest, AnIvfFileIsPublishedAndArrives) {
  const Client watcher = Joined("watcher");
  const Program run(
      Arguments("publish", {"--user", "bob", "--video", folder.Write("x", Ivf({320, 180}, 30))}));
  ASSERT_TRUE(Until([&] { return watcher->Has({{"type", "stream-added"}}) || run.done(); }));
  const auto stream = watcher->Find({{"type", "stream-added"}})["stream"];
  EXPECT_EQ(stream["encodings"], nlohmann::json::parse(R"([{"width":320,"height":180}])"));
  const auto answer = Ask(watcher, {{"type", "subscribe"}, {"streamId", stream["streamId"]}});
  EXPECT_EQ(answer["type"], "ok");
  EXPECT_TRUE(Until([&] { return run.done(); }));
  EXPECT_EQ(run.status(), 0) << Said();
  size_t frames = 0;
  for (const auto& packet : watcher->packets) {
    const auto view = rtp::ParseRtp(packet);
    if (!rtp::IsRtcp(packet) && view && view->header.marker) ++frames;
  }
  EXPECT_GE(frames, 25u) << "from a key frame on, which begins the file anew";
}

TEST_F(CliTest, WhatIsPlayedIsScaledToTheFirstPictureAlsoWhenThePublisherComesBack) {
  const std::string out = folder / "out.y4m", json = folder / "out.json";
  {
    const Program play(Arguments("play", {"--user", "ann", "--y4m", out, "--json", json}));
    EXPECT_EQ(Publish({"--user", "bob", "--video", folder.Write("a", Y4m({64, 36}, 30))}), 0);
    EXPECT_EQ(Publish({"--user", "bob", "--video", folder.Write("b", Y4m({96, 64}, 30))}), 0);
    EXPECT_EQ(Publish({"--user", "eve", "--video", folder.Write("c", Y4m({64, 36}, 30))}), 0);
    if (!play.done()) raise(SIGINT);
    EXPECT_TRUE(Until([&] { return play.done(); }));
    EXPECT_EQ(play.status(), 0);
  }
  const auto y4m = nlohmann::json::parse(folder.Read("out.json"))["y4m"];
  EXPECT_EQ(y4m["user"], "bob");
  EXPECT_EQ(y4m["width"], 64);
  EXPECT_GT(y4m["scaled"], 10);
  EXPECT_GT(y4m["written"], y4m["scaled"]);
  EXPECT_GT(y4m["left_out"], 10);
  EXPECT_THAT(Said(), HasSubstr("pictures written of bob"));
  auto reader = Y4mReader::Open(*InputFile::Open(out));
  ASSERT_TRUE(reader) << reader.error().message;
  I420Buffer picture;
  int pictures = 0;
  while (reader->Read(picture)) ++pictures;
  EXPECT_EQ(pictures, y4m["written"]);
}

TEST_F(CliTest, FilesWithoutAnythingAreRefusedAlsoInALoop) {
  const std::vector<std::pair<std::string, std::string>> files = {
      {"--video", "YUV4MPEG2 W16 H16 F30:1\n"},     {"--video", IvfHeader()},
      {"--video", IvfHeader() + IvfFrameOf(0, "")}, {"--audio", testing::OggFile({})},
      {"--audio", testing::OggFile({""})},
  };
  for (const auto& [option, bytes] : files) {
    const std::string path = folder.Write("empty", bytes);
    EXPECT_EQ(Publish({option, path}), 1) << bytes;
    EXPECT_EQ(Publish({option, path, "--loop"}), 1) << bytes;
  }
  EXPECT_THAT(Said(), Not(HasSubstr("joined")));
}

TEST_F(CliTest, WhatIsCutShortIsPublishedAndTold) {
  std::string file = Y4m({64, 36}, 5);
  file.resize(file.size() - 100);
  EXPECT_EQ(Publish({"--video", folder.Write("x", file)}), 2);
  EXPECT_THAT(Said(),
              HasSubstr("ends at byte " + std::to_string(file.size()) + " within picture 5"));
}

TEST_F(CliTest, NamesAreRefusedBeforeAnythingIsSigned) {
  EXPECT_EQ(Publish({"--synthetic", "--user", std::string(129, 'a')}), 1);
  EXPECT_EQ(Publish({"--synthetic", "--user", "\xFF\xFE"}), 1);
  EXPECT_EQ(Publish({"--synthetic", "--room", "a/b"}), 1);
  const std::string said = Said();
  EXPECT_THAT(said, HasSubstr("the user's name has 129 bytes, a name has 1 to 128"));
  EXPECT_THAT(said, HasSubstr("the user's name is not UTF-8"));
  EXPECT_THAT(said, HasSubstr("not what \"a/b\" has"));
  EXPECT_THAT(said, Not(HasSubstr("connected")));
}

}  // namespace
}  // namespace ferry::client

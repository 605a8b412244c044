#include "gateway/http/static_files.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "core/base/testing/temporary_folder.h"

namespace ferry::gateway {
namespace {

namespace fs = std::filesystem;
namespace http = boost::beast::http;

class StaticFilesTest : public ::testing::Test {
 protected:
  void Write(const std::string& name, const std::string& content) {
    std::ofstream(directory / name) << content;
  }

  const HttpRequest request{http::verb::get, "/", 11};
  const TemporaryFolder folder;
  const fs::path directory = folder.path();
};

TEST_F(StaticFilesTest, AFileIsReadOnceUntilItChanges) {
  Write("a.txt", "one");
  StaticFiles files(directory);
  const auto first = files.Get("/a.txt", request);
  ASSERT_TRUE(first);
  EXPECT_EQ(files.Get("/a.txt", request)->body, first->body) << "the very same bytes";
  Write("a.txt", "three");
  EXPECT_EQ(*files.Get("/a.txt", request)->body, "three");
  fs::remove(directory / "a.txt");
  EXPECT_FALSE(files.Get("/a.txt", request));
}

TEST_F(StaticFilesTest, ThreadsThatAskAtOnceGetTheSameBytes) {
  for (int i = 0; i < 4; ++i) Write("f" + std::to_string(i), std::string(1'000'000, 'x'));
  StaticFiles files(directory);
  std::vector<std::shared_ptr<const std::string>> bodies(8);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < bodies.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int file = 0; file < 4; ++file) {
        const auto answer = files.Get("/f" + std::to_string(file), request);
        if (file == 3 && answer) bodies[i] = answer->body;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(bodies[0]);
  for (const auto& body : bodies) EXPECT_EQ(body, bodies[0]);
}

TEST_F(StaticFilesTest, NoLinkLeadsOutsideTheFolderCompressedOrNot) {
  fs::create_directory(directory / "public");
  Write("secret", "secret");
  Write("public/a.txt", "plain");
  Write("public/b.txt", "plain");
  Write("public/zipped", "zipped");
  fs::create_symlink(directory / "secret", directory / "public" / "link.txt");
  fs::create_symlink(directory / "secret", directory / "public" / "a.txt.gz");
  fs::create_symlink(directory / "public" / "zipped", directory / "public" / "b.txt.gz");
  StaticFiles files(directory / "public");
  HttpRequest zipped = request;
  zipped.set(http::field::accept_encoding, "gzip");
  EXPECT_FALSE(files.Get("/link.txt", zipped));
  const auto answer = files.Get("/a.txt", zipped);
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer->body, "plain");
  EXPECT_EQ(answer->headers.count(http::field::content_encoding), 0u);
  EXPECT_EQ(*files.Get("/b.txt", zipped)->body, "zipped") << "within, links may lead anywhere";
}

TEST_F(StaticFilesTest, AFolderThatIsNotThereServesNothingAndSaysSo) {
  StaticFiles files(directory / "missing");
  EXPECT_FALSE(files.exists());
  EXPECT_FALSE(files.Get("/", request));
  EXPECT_TRUE(StaticFiles(directory).exists());
}

}  // namespace
}  // namespace ferry::gateway

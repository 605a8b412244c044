#include "gateway/app/log_writer.h"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <csignal>
#include <regex>
#include <string>
#include <thread>

#include "gateway/testing/full_pipe.h"
#include "gateway/testing/gateway_fixture.h"

namespace ferry::gateway {
namespace {

std::shared_ptr<spdlog::logger> Logger(const std::shared_ptr<LogWriter>& writer) {
  auto log = std::make_shared<spdlog::logger>("test", writer);
  log->set_pattern("%v");
  return log;
}

TEST(LogWriterTest, NobodyWaitsForWhoDoesNotReadAndWhatIsDroppedIsSaid) {
  testing::FullPipe pipe;
  auto writer = std::make_shared<LogWriter>(pipe.writer());
  auto log = Logger(writer);
  constexpr int kLines = 3 * LogWriter::kMaxLines;
  for (int i = 0; i < kLines; ++i) log->info("line={}", i);
  const int64_t dropped = writer->metrics().log_lines_dropped.value();
  EXPECT_GE(dropped, kLines - static_cast<int>(LogWriter::kMaxLines) - 1);
  // Somebody reads again.
  const std::string text = pipe.ReadToEndOf("line=" + std::to_string(kLines - 1) + "\n");
  const std::regex said("event=log-lines-dropped lines=([0-9]+)");
  int64_t sum = 0;
  for (std::sregex_iterator match(text.begin(), text.end(), said), end; match != end; ++match) {
    sum += std::stoll((*match)[1]);
  }
  EXPECT_EQ(sum, dropped);
}

TEST(LogWriterTest, TheProgramsEndDoesNotWaitForWhoDoesNotReadEither) {
  testing::FullPipe pipe;
  auto writer = std::make_shared<LogWriter>(pipe.writer());
  Logger(writer)->info("the last words");
  writer.reset();
  pipe.ReadToEndOf("the last words\n");  // lets the thread go
}

TEST(LogWriterTest, WhereWritingDoesNotBlockItWaitsForRoomAllTheSame) {
  testing::FullPipe pipe;
  pipe.SetNonBlocking();
  auto writer = std::make_shared<LogWriter>(pipe.writer());
  Logger(writer)->info("the first words");
  writer.reset();  // gives the thread its time
  pipe.ReadToEndOf("the first words\n");
}

TEST(LogWriterTest, ALineThatCannotBeWrittenIsCounted) {
  std::signal(SIGPIPE, SIG_IGN);
  testing::FullPipe pipe;
  pipe.CloseReader();
  auto writer = std::make_shared<LogWriter>(pipe.writer());
  Logger(writer)->info("to nobody");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (writer->metrics().log_lines_dropped.value() == 0) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::yield();
  }
}

class LogWriterGatewayTest : public GatewayTest {};

TEST_F(LogWriterGatewayTest, AGatewayWhoseLogNobodyReadsServesOn) {
  testing::FullPipe pipe;
  {
    auto writer = std::make_shared<LogWriter>(pipe.writer());
    Start({}, writer);
    const Client ann = Joined("ann");
    // Each is refused, and said in the log.
    for (int i = 0; i < 10; ++i) ann->Send({{"type", "dance"}, {"id", 1000 + i}});
    EXPECT_EQ(Ask(ann, {{"type", "ping"}, {"timeMs", 1}})["type"], "ok");
    ann->Abort();
    Shutdown();
    ASSERT_TRUE(Until([&] { return gateway->Total(&Metrics::connections) == 0; }));
    gateway.reset();
  }
  pipe.ReadToEndOf("event=stopped");
}

}  // namespace
}  // namespace ferry::gateway

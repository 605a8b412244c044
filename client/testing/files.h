// What tests of files share: names in a temporary folder, pipes, and what is said of a file.
#pragma once

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "client/media/file_notes.h"
#include "client/media/input_file.h"
#include "core/base/testing/temporary_folder.h"

namespace ferry::client::testing {

class TemporaryFolder : public ferry::TemporaryFolder {
 public:
  std::string operator/(const std::string& name) const { return path() / name; }
  std::string Write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path() / name, std::ios::binary) << bytes;
    return path() / name;
  }
  std::string Read(const std::string& name) const {
    std::ifstream file(path() / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

// A pipe with a name, and who writes these bytes into it.
class Fifo {
 public:
  Fifo(const std::string& path, std::string bytes) {
    EXPECT_EQ(mkfifo(path.c_str(), 0600), 0);
    writer_ = std::thread([path, bytes = std::move(bytes)] {
      // Who reads may close before the end.
      sigset_t pipes;
      sigemptyset(&pipes);
      sigaddset(&pipes, SIGPIPE);
      pthread_sigmask(SIG_BLOCK, &pipes, nullptr);
      std::ofstream(path, std::ios::binary) << bytes;
    });
  }
  ~Fifo() { writer_.join(); }

 private:
  std::thread writer_;
};

inline InputFile Bytes(std::string bytes) { return InputFile::FromBytes("x", std::move(bytes)); }

// All notes, damage with a "!" before it.
inline std::vector<std::string> Texts(const std::vector<FileNote>& notes) {
  std::vector<std::string> texts;
  for (const FileNote& note : notes) texts.push_back((note.damage ? "!" : "") + note.text);
  return texts;
}

}  // namespace ferry::client::testing

// What a reader has to say of its file besides what it reads: damage, and what it leaves out.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace ferry::client {

struct FileNote {
  std::string text;  // with the file's name and the place in it
  bool damage = false;
};

class FileNotes {
 public:
  // A file that is damaged all over is told of that often, and once that there is more.
  static constexpr size_t kMaxNotes = 20;

  explicit FileNotes(std::string file) : file_(std::move(file)) {}

  // Something that should be in the file is not, or cannot be read.
  void Damage(const std::string& what) { Add(what, true); }
  // Something is left out that nothing is wrong with.
  void Remark(const std::string& what) { Add(what, false); }
  // Those since the last call; what a second pass of the file finds again is not among them.
  std::vector<FileNote> Take();
  const std::string& file() const { return file_; }

 private:
  void Add(const std::string& what, bool damage);

  std::string file_;
  std::set<std::string> told_;
  std::vector<FileNote> waiting_;
};

}  // namespace ferry::client

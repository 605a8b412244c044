#include "client/media/file_notes.h"

#include <utility>

namespace ferry::client {

void FileNotes::Add(const std::string& what, bool damage) {
  if (told_.size() > kMaxNotes || !told_.insert(what).second) return;
  const bool last = told_.size() > kMaxNotes;
  waiting_.push_back({file_ + ": " + (last ? "and more of the kind" : what), damage});
}

std::vector<FileNote> FileNotes::Take() { return std::exchange(waiting_, {}); }

}  // namespace ferry::client

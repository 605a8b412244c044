#include "client/media/input_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

namespace ferry::client {

Result<InputFile> InputFile::Open(const std::string& path) {
  errno = 0;
  auto file = std::make_unique<std::ifstream>(path, std::ios::binary);
  if (!*file) {
    return Fail(ErrorCode::kNotFound, "cannot read " + path + ": " + std::strerror(errno));
  }
  return InputFile(path, std::move(file));
}

InputFile InputFile::FromBytes(std::string name, std::string bytes) {
  return InputFile(std::move(name), std::make_unique<std::istringstream>(std::move(bytes)));
}

InputFile::InputFile(std::string name, std::unique_ptr<std::istream> in)
    : name_(std::move(name)), in_(std::move(in)) {
  seekable_ = in_->tellg() != std::streampos(-1);
  in_->clear();
}

size_t InputFile::Read(MutableByteSpan out) {
  const size_t peeked = std::min(ahead_.size(), out.size());
  std::copy_n(ahead_.begin(), peeked, out.begin());
  ahead_.erase(ahead_.begin(), ahead_.begin() + static_cast<std::ptrdiff_t>(peeked));
  size_t got = peeked;
  if (got < out.size()) {
    in_->read(reinterpret_cast<char*>(out.data() + got),
              static_cast<std::streamsize>(out.size() - got));
    got += static_cast<size_t>(in_->gcount());
  }
  position_ += got;
  return got;
}

uint64_t InputFile::Skip(uint64_t count) {
  std::array<uint8_t, 4096> scratch;
  uint64_t skipped = 0;
  while (skipped < count) {
    const size_t wanted = std::min<uint64_t>(scratch.size(), count - skipped);
    const size_t got = Read(MutableByteSpan(scratch).first(wanted));
    skipped += got;
    if (got < wanted) break;
  }
  return skipped;
}

ByteSpan InputFile::Peek(size_t count) {
  const size_t before = ahead_.size();
  if (before < count) {
    ahead_.resize(count);
    in_->read(reinterpret_cast<char*>(ahead_.data() + before),
              static_cast<std::streamsize>(count - before));
    ahead_.resize(before + static_cast<size_t>(in_->gcount()));
  }
  return ByteSpan(ahead_).first(std::min(count, ahead_.size()));
}

void InputFile::SeekTo(uint64_t position) {
  in_->clear();
  in_->seekg(static_cast<std::streamoff>(position));
  ahead_.clear();
  position_ = position;
}

}  // namespace ferry::client

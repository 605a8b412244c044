// A file of media as bytes in their order: of a disk, which can be begun anew, or of a pipe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <memory>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/error.h"

namespace ferry::client {

class InputFile {
 public:
  static Result<InputFile> Open(const std::string& path);
  // As if a file of that name had these bytes.
  static InputFile FromBytes(std::string name, std::string bytes);

  const std::string& name() const { return name_; }
  // Whether SeekTo works, which it does not for pipes.
  bool seekable() const { return seekable_; }
  // Of the byte that is read next.
  uint64_t position() const { return position_; }

  // How many bytes were read: fewer than asked for at the end only.
  size_t Read(MutableByteSpan out);
  // The same without keeping them.
  uint64_t Skip(uint64_t count);
  // The next bytes, which stay to be read; fewer at the end. Until the next call of anything.
  ByteSpan Peek(size_t count);
  bool AtEnd() { return Peek(1).empty(); }
  void SeekTo(uint64_t position);

 private:
  InputFile(std::string name, std::unique_ptr<std::istream> in);

  std::string name_;
  std::unique_ptr<std::istream> in_;
  std::vector<uint8_t> ahead_;  // peeked at and not yet read
  uint64_t position_ = 0;
  bool seekable_ = false;
};

}  // namespace ferry::client

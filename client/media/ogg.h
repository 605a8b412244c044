// Ogg files page by page (RFC 3533), whatever they carry.
#pragma once

#include <cstdint>
#include <vector>

#include "client/media/file_notes.h"
#include "client/media/input_file.h"

namespace ferry::client {

struct OggPage {
  uint64_t offset = 0;     // in the file
  bool continued = false;  // begins with what goes on from the page before
  bool begins = false;     // the stream's first
  bool ends = false;       // its last
  int64_t granule = -1;    // where its last whole packet ends, as the codec counts; -1: none does
  uint32_t serial = 0;     // of the stream
  uint32_t sequence = 0;
  std::vector<uint8_t> lacing;
  std::vector<uint8_t> body;
};

// The checksum of a page (RFC 3533 §6), which has zeros in its place.
uint32_t OggChecksum(ByteSpan page);

class OggPages {
 public:
  explicit OggPages(InputFile file) : notes_(file.name()), file_(std::move(file)) {}

  // The next page that is whole and undamaged. What lies before it and is none is passed over, as
  // readers may (RFC 3533 §5), and noted as damage. False at the end.
  bool Next(OggPage& page);
  const InputFile& file() const { return file_; }
  FileNotes& notes() { return notes_; }
  void Rewind() { file_.SeekTo(0); }

 private:
  bool ReadHere(OggPage& page);
  void PassOver();

  FileNotes notes_;
  InputFile file_;
};

}  // namespace ferry::client

// What a file is, by what is in it: names tell nothing.
#pragma once

#include <string>

#include "client/media/input_file.h"

namespace ferry::client {

enum class FileType { kY4m, kIvf, kWav, kOgg, kOther };

struct FileFacts {
  FileType type = FileType::kOther;
  std::string name;  // for people, as "a WAV file" or "an MP4 file"
};

// Looks at the beginning only, which stays to be read.
FileFacts TypeOf(InputFile& file);

}  // namespace ferry::client

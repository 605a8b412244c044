// NAME_replay FOLDER: the fuzzer NAME's seeds, once each.
#include <iostream>

#include "tests/fuzz/replay.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: " << argv[0] << " FOLDER\n";
    return 2;
  }
  const auto seeds = ferry::testing::ReplayCorpus(argv[1], LLVMFuzzerTestOneInput, std::cerr);
  if (!seeds) {
    std::cerr << seeds.error().message << '\n';
    return 1;
  }
  std::cerr << *seeds << " seeds\n";
  return 0;
}

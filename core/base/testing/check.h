// What a fuzzer expects, whatever its input: a program that finds otherwise says where and ends.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <source_location>

namespace ferry {

inline void Check(bool holds, std::source_location at = std::source_location::current()) {
  if (holds) return;
  std::fprintf(stderr, "Check failed at %s:%u\n", at.file_name(), static_cast<unsigned>(at.line()));
  std::abort();
}

}  // namespace ferry

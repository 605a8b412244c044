# Toolchain of the fuzzers: the newest Clang that has libc++ beside it. libFuzzer needs Clang, and
# Clang 16 cannot use std::expected of GCC's library.
foreach(version 21 20 19 18 17 16)
  if(EXISTS "/usr/bin/clang++-${version}"
     AND EXISTS "/usr/lib/llvm-${version}/include/c++/v1/expected"
     AND EXISTS "/usr/lib/llvm-${version}/lib/clang")
    set(CMAKE_C_COMPILER "/usr/bin/clang-${version}")
    set(CMAKE_CXX_COMPILER "/usr/bin/clang++-${version}")
    break()
  endif()
endforeach()
if(NOT CMAKE_CXX_COMPILER)
  message(FATAL_ERROR "No Clang with libc++: install clang-16, libclang-rt-16-dev, libc++-16-dev and "
                      "libc++abi-16-dev, or newer ones")
endif()
set(CMAKE_CXX_FLAGS_INIT "-stdlib=libc++")

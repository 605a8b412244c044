# ferry::opus. The file lists are the source's own *_sources.mk; what is chosen here is the kernels:
#   x86-64        SSE2 presumed, SSE4.1 and AVX2 by run-time detection
#   arm64         NEON
#   WebAssembly   the SSE4.1 intrinsics, which Emscripten maps to 128-bit SIMD: faster than both the
#                 compiler's own vectorising and NEON through SIMDe
#   others        portable C

# opus_list(OUT NAME…): the files of those lists, absolute.
function(opus_list out)
  set(files)
  foreach(list IN LISTS ARGN)
    string(REGEX MATCH "^(CELT|SILK|OPUS)" part ${list})
    string(TOLOWER ${part} part)
    file(READ "${OPUS_SOURCE}/${part}_sources.mk" text)
    string(REPLACE "\\\n" " " text "${text}")
    if(NOT "\n${text}" MATCHES "\n${list} *= *([^\n]*)")
      message(FATAL_ERROR "${part}_sources.mk has no list ${list}")
    endif()
    separate_arguments(names UNIX_COMMAND "${CMAKE_MATCH_1}")
    list(APPEND files ${names})
  endforeach()
  list(TRANSFORM files PREPEND "${OPUS_SOURCE}/")
  set(${out} ${files} PARENT_SCOPE)
endfunction()

opus_list(files CELT_SOURCES SILK_SOURCES SILK_SOURCES_FLOAT OPUS_SOURCES OPUS_SOURCES_FLOAT)
add_library(ferry_opus STATIC ${files})
add_library(ferry::opus ALIAS ferry_opus)
file(STRINGS "${OPUS_SOURCE}/package_version" version REGEX "PACKAGE_VERSION")
target_compile_definitions(ferry_opus PRIVATE OPUS_BUILD VAR_ARRAYS HAVE_LRINT HAVE_LRINTF
                                              HAVE_STDINT_H FLOAT_APPROX ${version})
target_include_directories(ferry_opus SYSTEM PUBLIC "${OPUS_SOURCE}/include")
target_include_directories(ferry_opus PRIVATE "${OPUS_SOURCE}" "${OPUS_SOURCE}/celt"
                                              "${OPUS_SOURCE}/silk" "${OPUS_SOURCE}/silk/float")
target_compile_options(ferry_opus PRIVATE -w)
if(NOT MSVC AND NOT EMSCRIPTEN)
  target_link_libraries(ferry_opus PUBLIC m)
endif()

# opus_kernels(LEVEL FLAGS LISTS…): adds the kernels of one instruction set.
function(opus_kernels level flags)
  opus_list(kernels ${ARGN})
  target_sources(ferry_opus PRIVATE ${kernels})
  set_source_files_properties(${kernels} PROPERTIES COMPILE_OPTIONS "${flags}")
  target_compile_definitions(ferry_opus PRIVATE OPUS_X86_MAY_HAVE_${level})
endfunction()

if(EMSCRIPTEN)
  opus_kernels(SSE "" CELT_SOURCES_SSE)
  opus_kernels(SSE2 "" CELT_SOURCES_SSE2)
  opus_kernels(SSE4_1 "" CELT_SOURCES_SSE4_1 SILK_SOURCES_SSE4_1)
  target_compile_definitions(ferry_opus PRIVATE OPUS_X86_PRESUME_SSE OPUS_X86_PRESUME_SSE2
                                                OPUS_X86_PRESUME_SSE4_1)
  target_compile_options(
    ferry_opus PRIVATE -msimd128 -msse4.1 "SHELL:-include ${CMAKE_CURRENT_LIST_DIR}/wasm_rounding.h")
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  opus_kernels(SSE "" CELT_SOURCES_SSE)
  opus_kernels(SSE2 "" CELT_SOURCES_SSE2)
  opus_kernels(SSE4_1 "-msse4.1" CELT_SOURCES_SSE4_1 SILK_SOURCES_SSE4_1)
  opus_kernels(AVX2 "-mavx2;-mfma;-mavx" CELT_SOURCES_AVX2 SILK_SOURCES_AVX2 SILK_SOURCES_FLOAT_AVX2)
  opus_list(dispatch CELT_SOURCES_X86_RTCD SILK_SOURCES_X86_RTCD)
  target_sources(ferry_opus PRIVATE ${dispatch})
  target_compile_definitions(ferry_opus PRIVATE OPUS_X86_PRESUME_SSE OPUS_X86_PRESUME_SSE2
                                                OPUS_HAVE_RTCD CPU_INFO_BY_C)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  opus_list(kernels CELT_SOURCES_ARM_NEON_INTR SILK_SOURCES_ARM_NEON_INTR)
  target_sources(ferry_opus PRIVATE ${kernels})
  target_compile_definitions(
    ferry_opus PRIVATE OPUS_ARM_MAY_HAVE_NEON_INTR OPUS_ARM_PRESUME_NEON_INTR OPUS_ARM_MAY_HAVE_NEON
                       OPUS_ARM_PRESUME_NEON OPUS_ARM_PRESUME_AARCH64_NEON_INTR)
endif()

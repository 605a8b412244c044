# ferry::vpx for WebAssembly: libvpx with its NEON intrinsics, which
# SIMDe turns into 128-bit SIMD. 2.0 times native time, where the compiler's own vectorising takes 5
# to 7 times, and bit-exact with the native build. No file of libvpx is changed. VP8 and VP9 are one
# library: a module that names only one of them carries only that one's code.
#
# libvpx's configure knows no WebAssembly. It is run for the generic target, then its answers are
# amended to "arm64 with NEON", and its own tools list the sources and write the dispatch headers; all
# of that when CMake configures (prepare-libvpx-wasm), so that ninja sees each file.
set(SIMDE_INCLUDE "/usr/include" CACHE PATH "Folder that holds simde/arm/neon.h")
if(NOT EXISTS "${SIMDE_INCLUDE}/simde/arm/neon.h")
  message(FATAL_ERROR "SIMDe is missing (Debian: libsimde-dev); set SIMDE_INCLUDE to its parent folder")
endif()

# The host's /usr/include must not shadow Emscripten's own headers, so SIMDe is copied out of it.
set(SHIM "${CMAKE_CURRENT_BINARY_DIR}/neon-shim")
file(MAKE_DIRECTORY "${SHIM}")
if(NOT EXISTS "${SHIM}/simde")
  file(COPY "${SIMDE_INCLUDE}/simde" DESTINATION "${SHIM}")
endif()
file(CONFIGURE OUTPUT "${SHIM}/arm_neon.h" CONTENT
[[// NEON's intrinsics under their own names, by SIMDe.
#pragma once
#define SIMDE_ENABLE_NATIVE_ALIASES
#include "simde/arm/neon.h"
]])

set(folder "${CMAKE_CURRENT_BINARY_DIR}/libvpx")
set(prepare "${CMAKE_CURRENT_LIST_DIR}/prepare-libvpx-wasm")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${prepare}")
file(SHA256 "${prepare}" sum)
set(wanted "${VPX_SOURCE} ${sum} ${VPX_OPTIONS}")
set(ready "")
if(EXISTS "${folder}/ready")
  file(READ "${folder}/ready" ready)
endif()
if(NOT ready STREQUAL wanted)
  message(STATUS "Configuring libvpx for WebAssembly")
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -E env "CC=${CMAKE_C_COMPILER}" "CXX=${CMAKE_CXX_COMPILER}"
            "LD=${CMAKE_C_COMPILER}" "AR=${CMAKE_AR}" EMCC_SKIP_SANITY_CHECK=1 "${prepare}"
            "${VPX_SOURCE}" "${folder}" ${VPX_OPTIONS}
    COMMAND_ERROR_IS_FATAL ANY)
  file(WRITE "${folder}/ready" "${wanted}")
endif()

file(STRINGS "${folder}/sources.txt" files)
list(TRANSFORM files PREPEND "${VPX_SOURCE}/")
add_library(ferry_vpx STATIC ${files} "${folder}/vpx_config.c"
                             "${CMAKE_CURRENT_LIST_DIR}/wasm_cpu_caps.c")
add_library(ferry::vpx ALIAS ferry_vpx)
target_include_directories(ferry_vpx PRIVATE "${folder}" "${SHIM}" "${VPX_SOURCE}/vp8"
                                             "${VPX_SOURCE}/vp9")
target_include_directories(ferry_vpx SYSTEM PUBLIC "${VPX_SOURCE}")
target_compile_options(ferry_vpx PRIVATE -w)

# Code that runs once a frame or less: smaller instead of faster. VP8's whole module is downloaded
# before the first picture of a call; this is 5 % of it and costs no measurable time. (VP8's rate
# distortion search serves speeds that real time does not use.)
set(cold
    vp8/common/alloccommon.c vp8/common/entropymode.c vp8/common/treecoder.c
    vp8/decoder/onyxd_if.c vp8/encoder/onyx_if.c vp8/encoder/ratectrl.c vp8/encoder/rdopt.c
    vp8/vp8_cx_iface.c vp8/vp8_dx_iface.c)
list(TRANSFORM cold PREPEND "${VPX_SOURCE}/")
set_source_files_properties(${cold} PROPERTIES COMPILE_OPTIONS -Os)

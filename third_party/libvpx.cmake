# ferry::vpx natively: libvpx's own configure and make, with its assembler kernels chosen at run
# time. One static library, built in the build folder; every compile goes through ccache.
include(ProcessorCount)
ProcessorCount(cores)

set(folder "${CMAKE_CURRENT_BINARY_DIR}/libvpx")
set(library "${folder}/libvpx.a")
set(options ${VPX_OPTIONS} --enable-multithread --enable-pic --enable-static --disable-shared)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  find_program(NASM_PROGRAM nasm REQUIRED)
  list(APPEND options --as=nasm)
endif()

list(JOIN CMAKE_C_COMPILER_LAUNCHER " " c_launcher)
list(JOIN CMAKE_CXX_COMPILER_LAUNCHER " " cxx_launcher)
add_custom_command(
  OUTPUT "${library}"
  COMMAND
    "${CMAKE_COMMAND}" -E env "CC=${c_launcher} ${CMAKE_C_COMPILER}"
    "CXX=${cxx_launcher} ${CMAKE_CXX_COMPILER}" "LD=${CMAKE_C_COMPILER}"
    "${CMAKE_CURRENT_LIST_DIR}/build-libvpx" "${VPX_SOURCE}" "${folder}" ${cores} ${options}
  DEPENDS "${CMAKE_CURRENT_LIST_DIR}/build-libvpx" "${CMAKE_CURRENT_LIST_DIR}/sources.lock"
  COMMENT "Building libvpx"
  VERBATIM)
add_custom_target(ferry_vpx_build DEPENDS "${library}")

add_library(ferry_vpx STATIC IMPORTED GLOBAL)
set_target_properties(ferry_vpx PROPERTIES IMPORTED_LOCATION "${library}"
                                           INTERFACE_INCLUDE_DIRECTORIES "${VPX_SOURCE}")
find_package(Threads REQUIRED)
target_link_libraries(ferry_vpx INTERFACE Threads::Threads m)
add_dependencies(ferry_vpx ferry_vpx_build)
add_library(ferry::vpx ALIAS ferry_vpx)

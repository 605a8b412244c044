# Where the programs' libraries come from, and how the programs are linked:
#   ferry::fmt, ferry::spdlog   text and logs
#   ferry_program(NAME)         a program that is shipped
#
# With FERRY_PORTABLE a program needs nothing of the system but glibc: a release that was made on
# Debian 12 runs on every later Debian and Ubuntu, whatever versions of these libraries they have.
# Debian has no archives of fmt and spdlog, which are compiled from their headers then, and none of
# prometheus-cpp, whose source is (third_party/prometheus.cmake).
option(FERRY_PORTABLE "Link programs so that they need no shared library but glibc's" OFF)

find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
add_library(ferry_fmt INTERFACE)
add_library(ferry_spdlog INTERFACE)
if(FERRY_PORTABLE)
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a) # of SQLite and zlib, and of OpenSSL where it is not ours
  foreach(found SQLite3_LIBRARY ZLIB_LIBRARY_RELEASE)
    if(${found} MATCHES "\\.so$") # remembered from before this option was on
      unset(${found} CACHE)
    endif()
  endforeach()
  target_link_libraries(ferry_fmt INTERFACE fmt::fmt-header-only)
  # Not spdlog::spdlog_header_only, which brings the shared fmt.
  get_target_property(spdlog_headers spdlog::spdlog_header_only INTERFACE_INCLUDE_DIRECTORIES)
  target_include_directories(ferry_spdlog SYSTEM INTERFACE ${spdlog_headers})
  target_compile_definitions(ferry_spdlog INTERFACE SPDLOG_FMT_EXTERNAL)
  target_link_libraries(ferry_spdlog INTERFACE ferry_fmt)
else()
  target_link_libraries(ferry_fmt INTERFACE fmt::fmt)
  target_link_libraries(ferry_spdlog INTERFACE spdlog::spdlog)
endif()
add_library(ferry::fmt ALIAS ferry_fmt)
add_library(ferry::spdlog ALIAS ferry_spdlog)

function(ferry_program name)
  ferry_warnings(${name})
  if(FERRY_PORTABLE)
    # The build id is what finds the debug file of a stripped program.
    target_link_options(${name} PRIVATE -static-libstdc++ -static-libgcc -Wl,--build-id=sha1)
  endif()
endfunction()

# How every target of the house is made: one warning level, one language level, one place for
# sanitizers, and tests that stand beside their code.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
if(NOT EMSCRIPTEN) # there it would reach every table through an indirection, and nothing needs it
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
endif()
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(FERRY_CCACHE ccache)
if(FERRY_CCACHE)
  # Paths below the repository count as relative, so that a second clone finds the first one's objects.
  set(FERRY_LAUNCHER "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${CMAKE_CURRENT_SOURCE_DIR}"
                     CCACHE_NOHASHDIR=1 "${FERRY_CCACHE}")
  set(CMAKE_C_COMPILER_LAUNCHER ${FERRY_LAUNCHER})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${FERRY_LAUNCHER})
endif()

if(FERRY_SANITIZE)
  add_compile_options(-fsanitize=${FERRY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${FERRY_SANITIZE})
endif()
if(FERRY_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

function(ferry_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                                           -Wno-sign-conversion -Wno-missing-field-initializers
                                           -Werror=return-type)
endfunction()

# ferry_library(NAME SOURCES … [DEPS …]): a static library whose headers are included from the
# repository root, as "core/rtp/rtp_packet.h".
function(ferry_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PUBLIC ${ARG_DEPS})
  ferry_warnings(${name})
endfunction()

# ferry_test(NAME SOURCES … [DEPS …]): a GoogleTest program, registered test by test. Under
# Emscripten the same program runs in Node.
function(ferry_test name)
  if(NOT FERRY_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock_main)
  ferry_warnings(${name})
  if(EMSCRIPTEN)
    # .cjs, because the repository's package.json makes every .js an ES module, which these are not.
    set_target_properties(${name} PROPERTIES SUFFIX .cjs)
    # One Node process per program: starting Node costs more than most tests.
    target_link_options(${name} PRIVATE -sEXIT_RUNTIME=1 -sALLOW_MEMORY_GROWTH=1 -sNODERAWFS=1)
    add_test(NAME ${name} COMMAND ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:${name}>)
  else()
    gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60)
  endif()
endfunction()

# ferry_not_built(SUITE NAME…): tests of ./dev test's SUITE that this configuration leaves out, and that
# its totals name (scripts/lib/results.mjs).
function(ferry_not_built suite)
  foreach(name IN LISTS ARGN)
    set_property(GLOBAL APPEND_STRING PROPERTY FERRY_NOT_BUILT "${suite} ${name}\n")
  endforeach()
endfunction()

# ferry_fuzzer(NAME SOURCES … [DEPS …]): a libFuzzer target; its corpus is tests/fuzz/corpus/NAME. In
# every other build it is a test, Seeds.NAME, that runs the corpus once and fails when there is none.
function(ferry_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  if(FERRY_FUZZ)
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE ${ARG_DEPS})
    # Debian's libFuzzer is built upon libstdc++, our code here upon libc++ (Clang 16 has no
    # std::expected with libstdc++ 12): the two live side by side. Clang takes a plain -lstdc++ for
    # the library of -stdlib, hence the detour.
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_libraries(${name} PRIVATE "-Wl,-lstdc++")
    ferry_warnings(${name})
    set_property(GLOBAL APPEND PROPERTY FERRY_FUZZERS ${name})
  elseif(FERRY_TESTS AND NOT EMSCRIPTEN)
    add_executable(${name}_replay ${ARG_SOURCES})
    target_link_libraries(${name}_replay PRIVATE ${ARG_DEPS} ferry_corpus_replay_main)
    ferry_warnings(${name}_replay)
    add_test(NAME Seeds.${name}
             COMMAND ${name}_replay "${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name}")
  endif()
endfunction()

if(FERRY_TESTS)
  include(GoogleTest)
  if(EMSCRIPTEN OR FERRY_FUZZ)
    # Debian ships GoogleTest's sources with its libgtest-dev.
    add_subdirectory(/usr/src/googletest "${CMAKE_BINARY_DIR}/googletest" EXCLUDE_FROM_ALL)
    if(NOT TARGET GTest::gmock_main)
      add_library(GTest::gmock_main ALIAS gmock_main)
    endif()
  else()
    find_package(GTest REQUIRED)
  endif()
endif()

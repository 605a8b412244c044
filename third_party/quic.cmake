# TLS and QUIC, one OpenSSL for both:
#   ferry::ssl, ferry::crypto  OpenSSL
#   ferry::ngtcp2              QUIC, with its TLS glue (libngtcp2_crypto_ossl)
#   ferry::nghttp3             HTTP/3's header compression
#
# QUIC_PROVIDER says whose: the distribution's where they are new enough (OpenSSL 3.5 is the first
# whose TLS another QUIC can drive), else those of sources.lock, built once a machine.
# WITH_WEBTRANSPORT=OFF leaves QUIC out; then any OpenSSL 3 does. So does it where neither is to be had
# and QUIC_PROVIDER does not insist: sources are fetched here and not while building, so that it is known.
option(WITH_WEBTRANSPORT "Build WebTransport (OFF: WebSocket is the only transport)" ON)
set(QUIC_PROVIDER auto CACHE STRING "Whose OpenSSL, ngtcp2 and nghttp3: auto, system or bundled")
set_property(CACHE QUIC_PROVIDER PROPERTY STRINGS auto system bundled)
if(NOT QUIC_PROVIDER MATCHES "^(auto|system|bundled)$")
  message(FATAL_ERROR "QUIC_PROVIDER is '${QUIC_PROVIDER}': auto, system or bundled")
endif()

# installed(NAME LIBRARY…): ferry::NAME is what the distribution has.
function(installed name)
  add_library(ferry_${name} INTERFACE)
  target_link_libraries(ferry_${name} INTERFACE ${ARGN})
  add_library(ferry::${name} ALIAS ferry_${name})
endfunction()

# What ./dev repeats after its work (scripts/lib/build.sh).
set(reduced "${CMAKE_BINARY_DIR}/reduced.txt")
file(REMOVE "${reduced}")

# TLS alone.
macro(without_quic)
  set(WITH_WEBTRANSPORT OFF PARENT_SCOPE)
  find_package(OpenSSL 3.0 REQUIRED GLOBAL)
  installed(crypto OpenSSL::Crypto)
  installed(ssl OpenSSL::SSL)
endmacro()

if(NOT WITH_WEBTRANSPORT)
  without_quic()
  return()
endif()

find_package(PkgConfig)
if(PkgConfig_FOUND AND NOT QUIC_PROVIDER STREQUAL "bundled")
  pkg_check_modules(NGTCP2 IMPORTED_TARGET GLOBAL QUIET libngtcp2>=1.22 libngtcp2_crypto_ossl openssl>=3.5)
  pkg_check_modules(NGHTTP3 IMPORTED_TARGET GLOBAL QUIET libnghttp3>=1.15)
endif()
if(NGTCP2_FOUND AND NGHTTP3_FOUND)
  message(STATUS "QUIC libraries: the distribution's, ngtcp2 ${NGTCP2_libngtcp2_VERSION}")
  find_package(OpenSSL 3.5 REQUIRED GLOBAL)
  installed(crypto OpenSSL::Crypto)
  installed(ssl OpenSSL::SSL)
  installed(ngtcp2 PkgConfig::NGTCP2)
  installed(nghttp3 PkgConfig::NGHTTP3)
  return()
elseif(QUIC_PROVIDER STREQUAL "system")
  message(FATAL_ERROR "QUIC_PROVIDER=system, but pkg-config does not find libngtcp2 >= 1.22 with "
                      "libngtcp2_crypto_ossl, libnghttp3 >= 1.15 and openssl >= 3.5. Install them (Debian 13 "
                      "has them in its backports), or leave QUIC_PROVIDER at auto, which builds them")
endif()

set(build_quic "${CMAKE_CURRENT_LIST_DIR}/build-quic")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${build_quic}")
execute_process(COMMAND "${build_quic}" prefix OUTPUT_VARIABLE prefix RESULT_VARIABLE failed
                OUTPUT_STRIP_TRAILING_WHITESPACE)
if(failed AND QUIC_PROVIDER STREQUAL "bundled")
  message(FATAL_ERROR "QUIC_PROVIDER=bundled, but the sources of OpenSSL, nghttp3 and ngtcp2 could not be fetched")
elseif(failed)
  set(reason "the sources of OpenSSL, nghttp3 and ngtcp2 could not be fetched")
  message(WARNING "Building without WebTransport: ${reason}. Calls go by WebSocket alone. "
                  "Configure again when they can be had")
  file(WRITE "${reduced}" "built without WebTransport: ${reason} (${CMAKE_BINARY_DIR})\n")
  without_quic()
  return()
endif()
message(STATUS "QUIC libraries: bundled, in ${prefix}")
file(MAKE_DIRECTORY "${prefix}/include")

include(ProcessorCount)
ProcessorCount(cores)
set(archives crypto ssl ngtcp2 ngtcp2_crypto_ossl nghttp3)
list(TRANSFORM archives REPLACE "(.+)" "${prefix}/lib/lib\\1.a")
add_custom_command(
  OUTPUT ${archives}
  COMMAND "${build_quic}" build ${cores}
  COMMENT "Building OpenSSL, nghttp3 and ngtcp2 (the first time on this machine)"
  VERBATIM)
add_custom_target(ferry_quic_build DEPENDS ${archives})

# bundled(NAME ARCHIVE DEPENDENCY…): ferry::NAME is libARCHIVE.a.
function(bundled name archive)
  add_library(ferry_${name} STATIC IMPORTED GLOBAL)
  set_target_properties(ferry_${name} PROPERTIES IMPORTED_LOCATION "${prefix}/lib/lib${archive}.a")
  target_include_directories(ferry_${name} SYSTEM INTERFACE "${prefix}/include")
  target_link_libraries(ferry_${name} INTERFACE ${ARGN})
  # Should another library bring a shared OpenSSL into the process, that one keeps its own symbols.
  target_link_options(ferry_${name} INTERFACE "LINKER:--exclude-libs,lib${archive}.a")
  add_dependencies(ferry_${name} ferry_quic_build)
  add_library(ferry::${name} ALIAS ferry_${name})
endfunction()

find_package(Threads REQUIRED)
bundled(crypto crypto Threads::Threads)
bundled(ssl ssl ferry_crypto)
bundled(ngtcp2_core ngtcp2)
bundled(ngtcp2 ngtcp2_crypto_ossl ferry_ngtcp2_core ferry_ssl)
bundled(nghttp3 nghttp3)

# The release is optimised across ngtcp2's files when it is linked (build-quic says why), which only
# the compiler that made the archive can do; every other build takes its code as it is.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  execute_process(COMMAND cc -dumpfullversion OUTPUT_VARIABLE made_by
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(made_by VERSION_EQUAL CMAKE_CXX_COMPILER_VERSION)
    target_link_options(ferry_ngtcp2_core INTERFACE
                        $<$<CONFIG:Release,RelWithDebInfo>:-flto=auto>
                        $<$<CONFIG:Debug>:-fno-lto>)
  else()
    target_link_options(ferry_ngtcp2_core INTERFACE -fno-lto)
  endif()
endif()

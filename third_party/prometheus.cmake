# ferry::prometheus, which writes metrics in Prometheus's text format: the distribution's
# prometheus-cpp, but in portable programs the writer alone, of the source in sources.lock. Debian has
# prometheus-cpp only as shared libraries.
if(NOT FERRY_PORTABLE)
  find_package(prometheus-cpp REQUIRED COMPONENTS core GLOBAL)
  installed(prometheus prometheus-cpp::core)
  return()
endif()

ferry_source(prometheus-cpp PROMETHEUS_SOURCE)
set(core "${PROMETHEUS_SOURCE}/core")
set(generated "${CMAKE_CURRENT_BINARY_DIR}/prometheus")
add_library(ferry_prometheus STATIC "${core}/src/serializer.cc" "${core}/src/text_serializer.cc")
add_library(ferry::prometheus ALIAS ferry_prometheus)
include(GenerateExportHeader)
generate_export_header(ferry_prometheus BASE_NAME prometheus-cpp-core
                       EXPORT_FILE_NAME "${generated}/prometheus/detail/core_export.h")
target_compile_definitions(ferry_prometheus PUBLIC PROMETHEUS_CPP_CORE_STATIC_DEFINE)
target_include_directories(ferry_prometheus SYSTEM PUBLIC "${core}/include" "${generated}")
target_compile_options(ferry_prometheus PRIVATE -w)

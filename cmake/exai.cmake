# How EXAI's targets are made. Sources are listed by hand, third-party libraries are PRIVATE, and
# every header must compile alone (the target <name>_verify_interface_header_sets).

option(EXAI_TESTS "Build the tests" ON)
option(EXAI_FUZZ "Build the fuzz targets (clang)" OFF)
option(EXAI_SELF_CONTAINED "Programs that carry their libraries (dependencies.cmake)" OFF)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LINK_DEPENDS_NO_SHARED ON)

add_library(exai_flags INTERFACE)
target_compile_options(exai_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wold-style-cast -Wundef -Wcast-qual -Werror)
target_include_directories(exai_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(exai_flags INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_HAS_CO_AWAIT SPDLOG_FMT_EXTERNAL)

# exai_library(name SOURCES a.cpp … HEADERS a.hpp … DEPS ours … PRIVATE_DEPS third-party …)
function(exai_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR} FILES ${ARG_HEADERS})
  set_target_properties(${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  target_link_libraries(${name} PUBLIC exai_flags ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
endfunction()

# exai_program(name SOURCES main.cpp DEPS ours …): a binary in <build>/bin
function(exai_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE exai_flags ${ARG_DEPS})
endfunction()

# exai_embed(target FILE path NAME symbol): the file's bytes as `extern const std::string_view symbol`
# in namespace exai::embedded, declared in <build>/generated/embedded/<symbol>.hpp
function(exai_embed target)
  cmake_parse_arguments(ARG "" "FILE;NAME" "" ${ARGN})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${ARG_FILE})
  file(READ ${ARG_FILE} EXAI_EMBEDDED_TEXT)
  set(EXAI_EMBEDDED_NAME ${ARG_NAME})
  set(folder ${CMAKE_BINARY_DIR}/generated/embedded)
  configure_file(${CMAKE_SOURCE_DIR}/cmake/embedded.hpp.in ${folder}/${ARG_NAME}.hpp @ONLY)
  configure_file(${CMAKE_SOURCE_DIR}/cmake/embedded.cpp.in ${folder}/${ARG_NAME}.cpp @ONLY)
  target_sources(${target} PRIVATE ${folder}/${ARG_NAME}.cpp)
  target_include_directories(${target} PRIVATE ${CMAKE_BINARY_DIR}/generated)
endfunction()

# exai_test(name LABEL unit|integration SOURCES … DEPS …): one Catch2 program, one ctest entry
function(exai_test name)
  cmake_parse_arguments(ARG "" "LABEL" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE test_main ${ARG_DEPS})
  target_precompile_headers(${name} REUSE_FROM test_main)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 120)
endfunction()

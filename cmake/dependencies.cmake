# Third-party libraries. Nothing else calls find_package or pkg-config.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
set(Boost_USE_STATIC_LIBS ${EXAI_SELF_CONTAINED})
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(tl-expected REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
# Debian's CMake file of hiredis aborts the configuration, and that of toml++ gives the header-only
# build; their pkg-config files are right.
pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET hiredis)
pkg_check_modules(TOMLPLUSPLUS REQUIRED IMPORTED_TARGET tomlplusplus)
find_package(yaml-cpp REQUIRED)
if(EXAI_TESTS)
  find_package(Catch2 2.13 REQUIRED)
endif()

# What is linked, as deps::NAME. EXAI_SELF_CONTAINED says from where:
#
#          shared               in the program itself
#   ----   ------------------   ---------------------------------------------------------
#   OFF    all of them          nothing: the quickest to link
#   ON     glibc                Debian's archives; where it has none, cmake/archives/NAME.cpp
#
# libcurl and OpenSSL are opened when they are needed, in both, but for OpenSSL's libcrypto, which
# exaid always has. The search for twelve libraries and thousands of names at every start was the
# half of what `exai version` took.
#
# exai_dependency(name target [ARCHIVE libname.a]): without an archive its headers are the source.
function(exai_dependency name target)
  cmake_parse_arguments(ARG "" "ARCHIVE" "" ${ARGN})
  if(NOT EXAI_SELF_CONTAINED)
    add_library(deps::${name} ALIAS ${target})
    return()
  endif()
  if(ARG_ARCHIVE)
    find_library(${name}_archive ${ARG_ARCHIVE} REQUIRED)
    add_library(archive_${name} INTERFACE)
    target_link_libraries(archive_${name} INTERFACE ${${name}_archive})
    set(scope INTERFACE)
  else()
    add_library(archive_${name} STATIC cmake/archives/${name}.cpp)
    set(scope PUBLIC)
  endif()
  target_compile_definitions(archive_${name} ${scope}
    $<TARGET_PROPERTY:${target},INTERFACE_COMPILE_DEFINITIONS>)
  target_include_directories(archive_${name} ${scope}
    $<TARGET_PROPERTY:${target},INTERFACE_INCLUDE_DIRECTORIES>)
  add_library(deps::${name} ALIAS archive_${name})
endfunction()

exai_dependency(fmt fmt::fmt)
exai_dependency(spdlog spdlog::spdlog)
exai_dependency(toml PkgConfig::TOMLPLUSPLUS)
exai_dependency(yaml yaml-cpp ARCHIVE libyaml-cpp.a)
exai_dependency(hiredis PkgConfig::HIREDIS ARCHIVE libhiredis.a)
exai_dependency(sodium PkgConfig::SODIUM ARCHIVE libsodium.a)
exai_dependency(zstd PkgConfig::ZSTD ARCHIVE libzstd.a)
if(EXAI_SELF_CONTAINED)
  target_link_libraries(archive_spdlog PUBLIC deps::fmt)
  add_link_options(-static-libstdc++ -static-libgcc)
endif()

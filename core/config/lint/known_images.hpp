#pragma once
// What is known about images that everybody uses: where they listen, who should reach them, which
// variables they read. Only facts that hold for all versions in use; what is not listed is unknown,
// not wrong.

#include <array>
#include <cstdint>
#include <string_view>

namespace exai::config {

struct KnownImage {
  enum class Kind { database, admin, proxy, other };
  std::string_view name;  // the last part of the image's name, without a tag
  Kind kind = Kind::other;
  std::array<std::uint16_t, 4> ports;  // unless told otherwise; the first is the usual one
  // Its variables start with one of these, by blanks; empty: it reads any.
  std::string_view prefixes = {};
  // The variable that changes the first port; empty: its own command or configuration does.
  std::string_view port_variable = {};

  bool listens_on(int port) const;
  bool reads(std::string_view variable) const;
};

// By an image as Compose names it: "docker.io/library/postgres:16@sha256:…".
const KnownImage* find_image(std::string_view image);
// By the program that a process runs: "/usr/bin/redis-server".
const KnownImage* find_program_image(std::string_view program);

}  // namespace exai::config

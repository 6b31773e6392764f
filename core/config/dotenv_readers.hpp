#pragma once
// One environment file, many readers: what each of them would get from the same bytes. Pure; linear
// in the text; the same limits as parse_dotenv.
//
//                     compose    python       npm          bash         docker     systemd
//   A=1 # c           1          1            1            1            1 # c      1 # c
//   A=1<TAB># c       1<TAB># c  1            1            1            all        all
//   A=  # c           # c        # c          (empty)      (empty)        # c      # c
//   A=x#y             x#y        x#y          x            x#y          x#y        x#y
//   A=$B  A=${B:-c}   replaced   ${} only     as it is     replaced     as it is   as it is
//   $$                $          as it is     as it is     a pid        as it is   as it is
//   '${B}'            as it is   replaced     as it is     as it is     as it is   as it is
//   "a\tb"            tab        tab          as it is     as it is     as it is   as it is
//   $(x) `x`          as it is   as it is     ` quotes     runs x       as it is   as it is
//   "x"y              x          nothing      "x"y         xy           "x"y       xy
//   export A=1        A          A            A            A            refused    nothing
//   A = 1             A          A            A            runs A       refused    A
//   A: 1              A          nothing      A            runs A:      refused    nothing
//   A                 inherited  no value     nothing      runs A       inherited  nothing
//   two lines in ""   yes        yes          yes          yes          no         yes
//   no UTF-8          kept       refused      replaced     kept         refused    refused
//
//   python   python-dotenv's dotenv_values(), also what docker-compose 1 used
//   npm      dotenv's parse(); what dotenv-expand and dotenvx add (they replace $B, and dotenvx
//   runs
//            $(x)) is not in it
//   bash     `set -a; source FILE`, as far as the file only assigns: anything else gets a remark
//   docker   `docker run --env-file`
//   systemd  EnvironmentFile= of a unit

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/config/interpolate.hpp"

namespace exai::config {

enum class DotenvReader { compose, python, npm, bash, docker, systemd };

inline constexpr std::array kDotenvReaders = {DotenvReader::compose, DotenvReader::python,
                                              DotenvReader::npm,     DotenvReader::bash,
                                              DotenvReader::docker,  DotenvReader::systemd};

std::string_view name(DotenvReader reader);         // "docker"
std::string_view description(DotenvReader reader);  // "docker run --env-file"
std::optional<DotenvReader> dotenv_reader(std::string_view wanted);

struct ReaderView {
  std::map<std::string, std::string, std::less<>> values;
  // Names that the reader meets without getting a value: why. "it would run A"
  std::map<std::string, std::string, std::less<>> remarks;
  // Not empty: why the file is refused. bash has then still taken what stands above.
  std::string refusal;
};

// References and names without a value are looked up in `environment` where the reader does so.
ReaderView read_as(DotenvReader reader, std::string_view text, const Lookup& environment);

}  // namespace exai::config

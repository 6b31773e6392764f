#include <catch2/catch.hpp>
#include <map>

#include "core/config/config.hpp"
#include "core/config/interpolate.hpp"

namespace exai::config {

namespace {

std::optional<std::string> value_of(std::string_view name) {
  static const std::map<std::string, std::string, std::less<>> kValues = {
      {"SET", "v"}, {"EMPTY", ""}, {"_u1", "w"}};
  const auto found = kValues.find(name);
  return found == kValues.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

TEST_CASE("references are replaced by the operators of Compose") {
  const auto [text, expected] = GENERATE(table<std::string, std::string>({
      {"", ""},
      {"plain", "plain"},
      {"$SET ${SET} $_u1", "v v w"},
      {"${SET:-d} ${EMPTY:-d} ${NO:-d}", "v d d"},
      {"${SET-d} ${EMPTY-d} ${NO-d}", "v  d"},
      {"${SET:+a} ${EMPTY:+a} ${NO:+a}", "a  "},
      {"${SET+a} ${EMPTY+a} ${NO+a}", "a a "},
      {"${SET:?m} ${SET?m} ${EMPTY?m}", "v v "},
      {"$$SET $${SET} $$$SET", "$SET ${SET} $v"},
      {"$ $5 $(x) $} a$", "$ $5 $(x) $} a$"},
      {"${NO:-${NO:-$SET}}", "v"},
      {"${NO:-{\"k\": {}}}", "{\"k\": {}}"},
      {"${SET}}", "v}"},
      {"${SET:-${NO:?never read}}", "v"},
      {"${NO:-a:-b}", "a:-b"},
  }));
  INFO(text);
  const Interpolated result = expand(text, value_of);
  CHECK(result.text == expected);
  CHECK(result.unset.empty());
  CHECK_FALSE(result.fault);
}

TEST_CASE("a reference that cannot be read is a fault with its place") {
  const auto [text, message, begin,
              end] = GENERATE(table<std::string, std::string, std::size_t, std::size_t>({
      {"a${", "\"${\" is never closed on its line", 1, 3},
      {"a${SET", "\"${\" is never closed on its line", 1, 6},
      {"a${SET:-x\n}", "\"${\" is never closed on its line", 1, 9},
      {"a${}", "\"${\" must be followed by a name", 1, 4},
      {"a${1}", "\"${\" must be followed by a name", 1, 4},
      {"${SET!x}",
       "after the name comes \"}\" or one of \":-\", \"-\", \":+\", \"+\", \":?\", \"?\"", 0, 6},
      {"${SET:}",
       "after the name comes \"}\" or one of \":-\", \"-\", \":+\", \"+\", \":?\", \"?\"", 0, 7},
      {"${NO:-${}", "\"${\" is never closed on its line", 0, 9},
      {"${NO:?say $SET}", "NO: say v", 0, 15},
      {"${EMPTY:?}", "EMPTY: it must be set", 0, 10},
  }));
  INFO(text);
  const Interpolated result = expand(text, value_of);
  REQUIRE(result.fault);
  CHECK(result.fault->message == message);
  CHECK(result.fault->begin == begin);
  CHECK(result.fault->end == end);
}

TEST_CASE("unset names are noted where they stand, and only where they are used") {
  const Interpolated result = expand("é$NO ${SET:-$NO2} ${NO3}", value_of);
  REQUIRE(result.unset.size() == 2);
  CHECK(result.unset[0].name == "NO");
  CHECK(result.unset[0].begin == 2);
  CHECK(result.unset[1].name == "NO3");
  CHECK(result.unset[1].end == 25);
}

TEST_CASE("nesting and growth have limits") {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "${NO:-";
  deep += "x" + std::string(100, '}');
  CHECK(expand(deep, value_of).fault->message == "references are nested too deeply");
  const std::string large(1U << 19U, 'x');
  const auto lookup = [&](std::string_view) { return std::optional(large); };
  CHECK(expand("$A$A$A", lookup).fault->message == "the text gets longer than 1 MiB");
}

TEST_CASE("interpolation for templates fails when a name is missing") {
  CHECK(interpolate("port ${SET}", value_of) == "port v");
  CHECK(interpolate("port ${NO}", value_of).error() == Error(Errc::invalid, "NO is not set"));
  CHECK(interpolate("${", value_of).error().code() == Errc::invalid);
}

}  // namespace exai::config

#include "core/config/dotenv_readers.hpp"

#include <catch2/catch.hpp>

namespace exai::config {

namespace {

using Values = std::map<std::string, std::string, std::less<>>;

std::optional<std::string> outer(std::string_view name) {
  return name == "OUTER" ? std::optional<std::string>("shell") : std::nullopt;
}

// The value of A, or the remark about it, or the refusal of the file.
std::string a_of(DotenvReader reader, std::string_view text) {
  const ReaderView view = read_as(reader, text, outer);
  if (!view.refusal.empty()) return "refused: " + view.refusal;
  if (const auto value = view.values.find("A"); value != view.values.end()) return value->second;
  if (const auto remark = view.remarks.find("A"); remark != view.remarks.end())
    return "nothing: " + remark->second;
  return "nothing";
}

struct Row {
  std::string text;
  std::array<std::string, 6> values;  // compose, python, npm, bash, docker, systemd
};

}  // namespace

TEST_CASE("each reader makes its own of an environment file") {
  const std::string runs = "nothing: not a plain assignment: it would run ";
  const std::string blanks = "refused: the name \"A \" contains blanks";
  const std::vector<Row> rows = {
      {"A=1 # c\n", {"1", "1", "1", "1", "1 # c", "1 # c"}},
      {"A=1\t# c\n", {"1\t# c", "1", "1", "1", "1\t# c", "1\t# c"}},
      {"A=  # c\n", {"# c", "# c", "", "", "  # c", "# c"}},
      {"A=x#y\n", {"x#y", "x#y", "x", "x#y", "x#y", "x#y"}},
      {"A=$OUTER\n", {"shell", "$OUTER", "$OUTER", "shell", "$OUTER", "$OUTER"}},
      {"A=${OUTER}\n", {"shell", "shell", "${OUTER}", "shell", "${OUTER}", "${OUTER}"}},
      {"A='${OUTER}'\n", {"${OUTER}", "shell", "${OUTER}", "${OUTER}", "${OUTER}", "${OUTER}"}},
      {"A=${N:-b}\n", {"b", "b", "${N:-b}", "b", "${N:-b}", "${N:-b}"}},
      {"A=${N-b}\n", {"b", "", "${N-b}", "b", "${N-b}", "${N-b}"}},
      {"A=a$$\n",
       {"a$", "a$$", "a$$", "nothing: not a plain assignment: $$ differs from shell to shell",
        "a$$", "a$$"}},
      {"A=\"a\\tb\"\n", {"a\tb", "a\tb", "a\\tb", "a\\tb", "a\\tb", "a\\tb"}},
      {"A=\"a\\\"b\"\n", {"a\"b", "a\"b", "a\\\"b", "a\"b", "a\\\"b", "a\"b"}},
      {"A=\"a\\nb\"\n", {"a\nb", "a\nb", "a\nb", "a\\nb", "a\\nb", "a\\nb"}},
      {"A=a\\b\n", {"a\\b", "a\\b", "a\\b", "ab", "a\\b", "ab"}},
      {"A='x' \n", {"x", "x", "x", "x", "'x' ", "x"}},
      {"A=`x`\n",
       {"`x`", "`x`", "x", "nothing: not a plain assignment: it runs a command", "`x`", "`x`"}},
      {"A=$(x)\n",
       {"$(x)", "$(x)", "$(x)", "nothing: not a plain assignment: it runs a command", "$(x)",
        "$(x)"}},
      {"A=\"x\"y\n", {"x", "nothing", "\"x\"y", "xy", "\"x\"y", "xy"}},
      {"A=x y\n", {"x y", "x y", "x y", runs + "y", "x y", "x y"}},
      {"A=a&b=c\n",
       {"a&b=c", "a&b=c", "a&b=c", "nothing: not a plain assignment: \"&\" ends the command",
        "a&b=c", "a&b=c"}},
      {"A = 1\n", {"1", "1", "1", runs + "A", blanks, "1"}},
      {"A= 1\n", {"1", "1", "1", runs + "1", " 1", "1"}},
      {"A:1\n", {"1", "nothing", "nothing", "nothing", "nothing", "nothing"}},
      {"A: 1\n",
       {"1", "nothing", "1", "nothing", "refused: the name \"A: 1\" contains blanks", "nothing"}},
      {"A\n",
       {"nothing: inherited, and not set", "nothing: a name without a value", "nothing", runs + "A",
        "nothing: inherited, and not set", "nothing: a line without \"=\""}},
      {"export A=1\n",
       {"1", "1", "1", "1", "refused: the name \"export A\" contains blanks", "nothing"}},
      {"A=\"x\ny\"\n", {"x\ny", "x\ny", "x\ny", "x\ny", "\"x", "x\ny"}},
      {"A=1\r\n", {"1", "1", "1", "1\r", "1", "1"}},
      {"\xEF\xBB\xBF"
       "A=1\n",
       {"1", "1", "1", "nothing", "1", "nothing"}},
      {"A=\"x\n",
       {"refused: this quote is never closed: \"", "nothing", "\"x",
        "refused: a quote is never closed", "\"x", "x\n"}},
      {"A=\xFF\n",
       {"\xFF", "refused: it is not UTF-8", "\xEF\xBF\xBD", "\xFF", "refused: it is not UTF-8",
        "refused: it is not UTF-8"}},
      {"A=x\\\nB=y\n", {"x\\", "x\\", "x\\", "xB=y", "x\\", "xB=y"}},
      {"; A=1\n",
       {"refused: ; is not allowed in a name", "nothing", "nothing",
        "refused: a syntax error at \";\"", "refused: the name \"; A\" contains blanks",
        "nothing"}},
      {"# c \\\nA=1\n", {"1", "1", "1", "1", "1", "nothing"}},
      {"A=1\nA=2\n", {"2", "2", "2", "2", "2", "2"}},
  };
  for (const Row& row : rows)
    for (const DotenvReader reader : kDotenvReaders) {
      INFO(name(reader) << " reads " << row.text);
      CHECK(a_of(reader, row.text) == row.values[static_cast<std::size_t>(reader)]);
    }
}

TEST_CASE("bash keeps what stands above a line that it refuses") {
  const ReaderView view = read_as(DotenvReader::bash, "A=1\nif true; then\nB=2\n", outer);
  CHECK(view.values == Values{{"A", "1"}});
  CHECK(view.refusal == "it holds more than assignments");
}

TEST_CASE("what bash makes of an unknown value is unknown too") {
  const ReaderView view = read_as(DotenvReader::bash, "A=1\nA=$(date)\nB=$A\n", outer);
  CHECK(view.values.empty());
  CHECK(view.remarks.at("B") == "not a plain assignment: who knows what A is");
}

TEST_CASE("python-dotenv lets the file win over the environment in references") {
  CHECK(read_as(DotenvReader::python, "OUTER=file\nA=${OUTER}\n", outer).values.at("A") == "file");
}

TEST_CASE("no reader takes long over a large or malicious file") {
  const auto repeated = [](std::string_view piece) {
    std::string text;
    while (text.size() + piece.size() < (1U << 17U)) text += piece;
    return text;
  };
  for (const std::string& text :
       {repeated("A=\"\n"), repeated("A=\"\\\""), "A=\"" + repeated("\\\""), repeated("${"),
        "A=" + repeated("${A:-"), "A=x\n" + repeated("A=${A}${A}\n"), repeated("\n"),
        repeated("A\n\n"), repeated("export "), repeated("A='"), "A=" + repeated(" #"),
        "A=1\n" + repeated("A=$A$A\n"), repeated("A=1 "), repeated("`"), repeated("\xF0\x9F")})
    for (const DotenvReader reader : kDotenvReaders) {
      const ReaderView view = read_as(reader, text, outer);
      CHECK(view.values.size() <= 2);
    }
  for (const DotenvReader reader : kDotenvReaders)
    CHECK(read_as(reader, std::string((1U << 20U) + 1, 'A'), outer).refusal ==
          "the file is larger than 1 MiB");
}

}  // namespace exai::config

#include "core/base/redact.hpp"

#include <vector>

#include "core/base/text.hpp"

using namespace exai;

namespace {

struct Form {
  const char* what;
  const char* text;
  const char* redacted;
};

const std::string kValue = "p@ss \"word\"/1";

}  // namespace

TEST_CASE("a known secret is hidden in each form it may take") {
  Redactor redactor;
  redactor.add("TOKEN", Secret(kValue));
  const Form forms[] = {
      {"raw", "raw p@ss \"word\"/1 end", "raw [TOKEN] end"},
      {"twice", "p@ss \"word\"/1p@ss \"word\"/1", "[TOKEN][TOKEN]"},
      {"JSON", R"({"v":"p@ss \"word\"/1"})", R"({"v":"[TOKEN]"})"},
      {"JSON of PHP", R"({"v":"p@ss \"word\"\/1"})", R"({"v":"[TOKEN]"})"},
      {"URL", "url p%40ss%20%22word%22%2F1", "url [TOKEN]"},
      {"URL in lower case", "url p%40ss%20%22word%22%2f1", "url [TOKEN]"},
      {"URL path", "url p%40ss%20%22word%22/1", "url [TOKEN]"},
      {"form", "url=p%40ss+%22word%22%2F1&", "url=[TOKEN]&"},
      {"base64", "b64 cEBzcyAid29yZCIvMQ==", "b64 [TOKEN]"},
      {"base64 without padding", "b64 cEBzcyAid29yZCIvMQ.", "b64 [TOKEN]."},
      // "u:" and "us:" before it; the characters at its ends belong to its neighbours too
      {"base64 behind two bytes", "Basic dTpwQHNzICJ3b3JkIi8x", "Basic dTp[TOKEN]"},
      {"base64 behind three bytes", "Basic dXM6cEBzcyAid29yZCIvMQ==", "Basic dXM6[TOKEN]"},
      {"base64 behind four bytes", "Basic dXNlOnBAc3MgIndvcmQiLzE=", "Basic dXNlOn[TOKEN]E="},
      {"not all of it", "p@ss \"word\"/", "p@ss \"word\"/"},
      {"nothing", "", ""},
  };
  for (const Form& form : forms) {
    INFO(form.what);
    CHECK(redactor.redact(form.text) == form.redacted);
  }
}

TEST_CASE("base64 for URLs is another alphabet") {
  Redactor redactor;
  redactor.add("TOKEN", Secret("\xFB\xEF\xBE\xFF\xFF\xFF\xFB\xEF\xBE"));
  CHECK(redactor.redact("a ++++////++++ b ----____---- c") == "a [TOKEN] b [TOKEN] c");
}

TEST_CASE("a text of several lines is hidden line by line, the frame of a PEM key is not") {
  Redactor redactor;
  redactor.add(
      "KEY",
      Secret("-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n"));
  CHECK(redactor.redact(
            "12:00 -----BEGIN KEY-----\n12:00 MIIEvQIBADANBgkq\n12:00 hkiG9w0BAQEFAASC\n") ==
        "12:00 -----BEGIN KEY-----\n12:00 [KEY]\n12:00 [KEY]\n");
}

TEST_CASE("a value that contains another is hidden whole, and so are values that overlap") {
  Redactor redactor;
  redactor.add("SHORT", Secret("12345678"));
  redactor.add("LONG", Secret("123456789"));
  CHECK(redactor.redact("123456789 12345678") == "[LONG] [SHORT]");
  redactor.add("NEXT", Secret("6789abcdefgh"));
  CHECK(redactor.redact("<123456789abcdefgh>") == "<[NEXT]>");
}

TEST_CASE("values too short to be told from innocent text are not searched for") {
  Redactor redactor;
  redactor.add("PIN", Secret("1234567"));
  redactor.add("NONE", Secret());
  CHECK(redactor.redact("port 1234567") == "port 1234567");
}

TEST_CASE("what is told later is hidden from then on") {
  Redactor redactor;
  redactor.add("OLD", Secret("old-secret"));
  CHECK(redactor.redact("old-secret new-secret") == "[OLD] new-secret");
  redactor.add("NEW", Secret("new-secret"));
  redactor.add("AGAIN", Secret("new-secret"));
  CHECK(redactor.redact("old-secret new-secret") == "[OLD] [NEW]");
}

TEST_CASE("each of many values keeps the name that it was told under first") {
  Redactor redactor;
  const auto value = [](int i) { return fmt::format("value-number-{:04}-", i); };
  for (int i = 0; i < 500; ++i) redactor.add(fmt::format("NAME_{}", i % 250), Secret(value(i)));
  for (int i = 0; i < 500; ++i) redactor.add("AGAIN", Secret(value(i)));
  for (int i = 0; i < 500; ++i)
    CHECK(redactor.redact("a " + value(i) + " b") == fmt::format("a [NAME_{}] b", i % 250));
}

namespace {

// What is held back is given again, together with the next piece.
std::string in_pieces(const Redactor& redactor, const std::string& text, std::size_t size) {
  std::string out;
  std::string held;
  for (std::size_t at = 0; at < text.size(); at += size) {
    held += text.substr(at, size);
    const auto found = redactor.find(held);
    std::size_t from = 0;
    for (const auto& secret : found.secrets) {
      out += held.substr(from, secret.begin - from) + "[" + secret.name + "]";
      from = secret.end;
    }
    out += held.substr(from, found.settled - from);
    held.erase(0, found.settled);
  }
  return out + redactor.redact(held);
}

std::size_t settled(const Redactor& redactor, std::string_view text) {
  return redactor.find(text).settled;
}

}  // namespace

TEST_CASE("a value is found wherever the text is cut, and nothing else is held back") {
  Redactor redactor;
  CHECK(settled(redactor, "as it is") == 8);
  redactor.add("TOKEN", Secret(kValue));
  redactor.add("AAA", Secret("aaaaaaaa"));
  const std::string text =
      "x p@ss \"word\"/1 p@ss p@ss%20 cEBzcyAid29yZCIvMQ== aaaaaaaaaaaa p@ss \"wo";
  const std::string whole = redactor.redact(text);
  CHECK(whole == "x [TOKEN] p@ss p@ss%20 [TOKEN] [AAA] p@ss \"wo");
  for (std::size_t size = 1; size <= text.size(); ++size)
    CHECK(in_pieces(redactor, text, size) == whole);
  CHECK(settled(redactor, "a line of its own\n") == 18);
  CHECK(settled(redactor, "so far p@ss") == 7);
  CHECK(settled(redactor, "p@ssport\n") == 9);
  CHECK(redactor.find("x aaaaaaaa").settled == 2);
  const auto last = redactor.find("x aaaaaaaa", true);
  CHECK(last.settled == 10);
  CHECK(last.secrets.size() == 1);
}

TEST_CASE("a run of values without end is let go, all but the last of them") {
  Redactor redactor;
  redactor.add("AAA", Secret("aaaaaaaa"));
  CHECK(settled(redactor, "x" + std::string(1000, 'a')) == 1);
  const auto found = redactor.find("x" + std::string(10'000, 'a'));
  CHECK(found.settled == 10'001 - 8);
  REQUIRE(found.secrets.size() == 1);
  CHECK(found.secrets[0].begin == 1);
  CHECK(found.secrets[0].end == found.settled);
}

TEST_CASE("a long value is searched for in one pass, however it repeats itself") {
  Redactor redactor;
  redactor.add("LONG", Secret(std::string(300'000, 's')));
  CHECK(settled(redactor, "x" + std::string(290'000, 's')) == 1);
  CHECK(settled(redactor, std::string(290'000, 's') + "x") == 290'001);
}

TEST_CASE("values within, beside and across one another are hidden whole") {
  Redactor redactor;
  redactor.add("LONG", Secret("abcdefghijklmnopqrstuvwxyz"));
  redactor.add("INNER", Secret("cdefghijkl"));
  redactor.add("ACROSS", Secret("wxyz012345"));
  CHECK(redactor.redact("-abcdefghijklmnopqrstuvwxyz-") == "-[LONG]-");
  CHECK(redactor.redact("-cdefghijkl-") == "-[INNER]-");
  CHECK(redactor.redact("-abcdefghijklmnopqrstuvwxyz012345-") == "-[LONG]-");
  CHECK(redactor.redact("cdefghijklcdefghijkl-wxyz012345") == "[INNER][INNER]-[ACROSS]");
  CHECK(settled(redactor, "-abcdefghijklmn") == 1);
  CHECK(settled(redactor, "-abcdefghijklmnopqrstuvwxyz01") == 1);
  CHECK(settled(redactor, "-abcdefghijklmnopqrstuvwxyz0-") == 29);
}

TEST_CASE("the filter misses no place at which a value may stand") {
  Redactor redactor;
  redactor.add("SHORT", Secret("12345678"));
  redactor.add("LONG", Secret("a longer value, of 34 characters.."));
  for (std::size_t before = 0; before < 40; ++before)
    for (std::size_t after = 0; after < 12; ++after)
      for (const std::string value : {"12345678", "a longer value, of 34 characters.."}) {
        const std::string name = value.size() == 8 ? "[SHORT]" : "[LONG]";
        CHECK(redactor.redact(std::string(before, '.') + value + std::string(after, '-')) ==
              std::string(before, '.') + name + std::string(after, '-'));
        CHECK(settled(redactor, std::string(before, '-') + value.substr(0, 7)) == before);
      }
}

// Files of Debian's age read by us, and ours read by it.
#include <catch2/catch.hpp>

#include "core/secrets/age.hpp"
#include "tests/support/support.hpp"

using namespace exai;
using namespace exai::secrets;
using test::TempDir;

namespace {

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + i / 255);
  return text;
}

constexpr std::size_t kSizes[] = {0, 1, 15, 64, 65535, 65536, 65537, 131071, 131072, 200001};

// A key that age-keygen made.
struct Keys {
  TempDir folder;
  Path file = folder / "identity.txt";
  std::vector<Identity> identities;
  std::string recipient;

  Keys() {
    const auto made = test::run({"age-keygen", "-o", file.string()});
    INFO(made.err);
    REQUIRE(made.exit == 0);
    identities = *parse_identities(Secret(*read_file(file)));
    REQUIRE(identities.size() == 1);
    recipient = to_text(recipient_of(identities[0]));
    CHECK(test::run({"age-keygen", "-y", file.string()}).out == recipient + "\n");
  }
};

}  // namespace

TEST_CASE("age reads what we write") {
  const Keys keys;
  const Keys other;
  const std::vector<Recipient> recipients = {recipient_of(other.identities[0]),
                                             recipient_of(keys.identities[0])};
  for (const std::size_t size : kSizes) {
    INFO(size);
    const Path file = keys.folder.write("ours.age", *encrypt(Secret(pattern(size)), recipients));
    for (const Keys* reader : {&keys, &other}) {
      const Path out = keys.folder / "out";
      REQUIRE(remove_file(out));
      const auto read =
          test::run({"age", "-d", "-i", reader->file.string(), "-o", out.string(), file.string()});
      INFO(read.err);
      CHECK(read.exit == 0);
      CHECK((read_file(out).value_or("") == pattern(size)));  // of nothing it makes no file
    }
  }
}

TEST_CASE("we read what age writes, and refuse it when it is damaged") {
  const Keys keys;
  const Keys other;
  for (const std::size_t size : kSizes) {
    INFO(size);
    const Path plain = keys.folder.write("plain", pattern(size));
    const Path file = keys.folder / "theirs.age";
    const auto made = test::run(
        {"age", "-r", other.recipient, "-r", keys.recipient, "-o", file.string(), plain.string()});
    INFO(made.err);
    REQUIRE(made.exit == 0);
    const std::string bytes = *read_file(file);
    const auto text = decrypt(bytes, keys.identities);
    REQUIRE(text);
    CHECK((text->reveal() == pattern(size)));
    CHECK(decrypt(bytes, Keys().identities).error().code() == Errc::denied);

    const std::size_t step = bytes.size() / 40 + 1;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      INFO(at);
      CHECK_FALSE(decrypt(std::string_view(bytes).substr(0, at), keys.identities));
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ 0x20);
      // A stanza of the other recipient is not ours to check; the MAC notices.
      CHECK_FALSE(decrypt(changed, keys.identities));
    }
    CHECK_FALSE(decrypt(bytes + std::string(1, '\0'), keys.identities));
  }
}

TEST_CASE("armored files and those for a passphrase are refused by name") {
  const Keys keys;
  const Path plain = keys.folder.write("plain", "text");
  const Path file = keys.folder / "armored.age";
  REQUIRE(
      test::run({"age", "-a", "-r", keys.recipient, "-o", file.string(), plain.string()}).exit ==
      0);
  CHECK(decrypt(*read_file(file), keys.identities).error().message().find("armored") !=
        std::string::npos);
}

#include "core/secrets/age.hpp"

#include "core/base/base64.hpp"
#include "core/base/text.hpp"

using namespace exai;
using namespace exai::secrets;

namespace {

std::string error_of(std::string_view file, std::span<const Identity> identities = {}) {
  const auto opened = decrypt(file, identities);
  return opened ? "opened" : opened.error().message();
}

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + i / 251);
  return text;
}

// A file for one identity, and what belongs to it.
struct Sample {
  Identity identity = generate_identity();
  std::string file;

  explicit Sample(std::size_t size) {
    const Recipient recipient = recipient_of(identity);
    file = *encrypt(Secret(pattern(size)), {&recipient, 1});
  }
  std::size_t payload() const { return file.find('\n', file.find("\n--- ") + 1) + 1; }
};

}  // namespace

TEST_CASE("what is encrypted for several recipients opens for each of them, whatever its size") {
  const std::vector<Identity> identities = {generate_identity(), generate_identity(),
                                            generate_identity()};
  const std::vector<Recipient> recipients = {recipient_of(identities[0]),
                                             recipient_of(identities[1])};
  for (const std::size_t size :
       {0UL, 1UL, 15UL, 16UL, 65535UL, 65536UL, 65537UL, 131072UL, 200001UL}) {
    INFO(size);
    const auto file = encrypt(Secret(pattern(size)), recipients);
    REQUIRE(file);
    for (const std::size_t who : {0UL, 1UL}) {
      const auto text = decrypt(*file, {&identities[who], 1});
      REQUIRE(text);
      CHECK((*text == Secret(pattern(size))));
    }
    CHECK(decrypt(*file, identities));
    const auto other = decrypt(*file, {&identities[2], 1});
    CHECK(other.error() ==
          Error(Errc::denied, "the age file is for 2 recipients, and none is ours"));
  }
  CHECK(encrypt(Secret("x"), {}).error() ==
        Error(Errc::invalid, "there is no recipient to encrypt for"));
}

TEST_CASE("no byte of a file can be changed, left out or added without its being noticed") {
  const Sample sample(100);
  const std::span<const Identity> ours(&sample.identity, 1);
  REQUIRE(decrypt(sample.file, ours));
  for (std::size_t at = 0; at < sample.file.size(); ++at) {
    INFO(at);
    std::string changed = sample.file;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    CHECK_FALSE(decrypt(changed, ours));
    CHECK_FALSE(decrypt(sample.file.substr(0, at), ours));
    std::string longer = sample.file;
    longer.insert(at, 1, 'A');
    CHECK_FALSE(decrypt(longer, ours));
  }
  CHECK_FALSE(decrypt(sample.file + "A", ours));
}

TEST_CASE("it is said what happened to a damaged file") {
  const Sample sample(200001);
  const std::span<const Identity> ours(&sample.identity, 1);
  constexpr std::size_t kBox = 65536 + 16;
  const std::size_t chunks = sample.payload() + 16;
  const std::string& file = sample.file;

  CHECK(error_of(file.substr(0, chunks + 2 * kBox), ours) ==
        "the age file is cut off after chunk 2");
  CHECK(error_of(file.substr(0, chunks + 2 * kBox + 100), ours) ==
        "the age file was changed or cut off: chunk 3 is wrong");
  CHECK(error_of(file.substr(0, chunks + 5), ours) == "the age file is cut off behind its header");
  CHECK(error_of(file.substr(0, chunks + 2 * kBox + 16), ours) ==
        "the age file was changed or cut off: chunk 3 is wrong");
  CHECK(error_of(file + "more", ours) == "the age file was changed or cut off: chunk 4 is wrong");
  const Sample whole(65536);
  CHECK(error_of(whole.file + "more", {&whole.identity, 1}) ==
        "something was added to the age file after chunk 1");
  std::string changed = file;
  changed[chunks + kBox] ^= 1;
  CHECK(error_of(changed, ours) == "the age file was changed or cut off: chunk 2 is wrong");
  std::string mac = file;
  char& last = mac[sample.payload() - 44];
  last = last == 'A' ? 'B' : 'A';
  CHECK(error_of(mac, ours) == "the header of the age file was changed");
}

TEST_CASE("what is no age file for us is refused by name") {
  struct Case {
    const char* file;
    const char* message;
  };
  constexpr std::string_view kHead = "age-encryption.org/v1\n";
  const std::string share(43, 'A');
  const Case cases[] = {
      {"", "this is no age file"},
      {"KIMI_API_KEY=1", "this is no age file"},
      {"age-encryption.org/v1", "another version of age wrote this file: age-encryption.org/v1"},
      {"age-encryption.org/v2\n", "another version of age wrote this file: age-encryption.org/v2"},
      {"\n-----BEGIN AGE ENCRYPTED FILE-----\nYWdl",
       "the age file is armored (text); make it without: age without -a, or age -d FILE | age -R "
       "recipients.txt -o FILE.age"},
  };
  for (const Case& one : cases) CHECK(error_of(one.file) == one.message);
  const Case headers[] = {
      {"", "the age header has no end: line 2 is cut off or too long"},
      {"--- AAAA\n", "line 2 of the age header has a MAC that is not 32 bytes"},
      {"---\n", "line 2 of the age header has no MAC"},
      {"nonsense\n", "line 2 of the age header is no stanza"},
      {"-> \n\n", "line 2 of the age header has a word that is empty or not ASCII"},
      {"-> a  b\n\n", "line 2 of the age header has a word that is empty or not ASCII"},
      {"-> a \xC3\xA4\n\n", "line 2 of the age header has a word that is empty or not ASCII"},
      {"-> a\nA\n", "line 3 of the age header ends what is not base64"},
      {"-> a\nAB\n", "line 3 of the age header ends what is not base64"},  // bits left over
      {"-> a\nAA==\n", "line 3 of the age header ends what is not base64"},
      {"-> a\r\n\n", "line 2 of the age header has a word that is empty or not ASCII"},
  };
  for (const Case& one : headers) {
    INFO(one.file);
    CHECK(error_of(std::string(kHead) + one.file) == one.message);
  }
  const std::string end = "--- " + share + "\n" + std::string(40, 'x');
  CHECK(error_of(std::string(kHead) + end) ==
        "line 2 of the age header comes before any recipient");
  CHECK(error_of(std::string(kHead) + "-> a\n" + std::string(65, 'A') + "\n") ==
        "line 3 of the age header is longer than 64 characters");
  CHECK(error_of(std::string(kHead) + "-> scrypt AAAA 18\n\n" + end) ==
        "the age file is for a passphrase; encrypt it for a recipient: age -r age1…");
  CHECK(error_of(std::string(kHead) + "-> ssh-ed25519 AAAA\n\n" + end) ==
        "the age file has no X25519 recipient: it is for keys of other types");

  const std::vector<Identity> ours = {generate_identity()};
  CHECK(error_of(std::string(kHead) + "-> X25519\n\n" + end, ours) ==
        "an X25519 recipient without a key");
  CHECK(error_of(std::string(kHead) + "-> X25519 AAAA\n\n" + end, ours) ==
        "an X25519 recipient of the wrong length");
  CHECK(error_of(std::string(kHead) + "-> X25519 " + share + "\n" + share + "\n" + end, ours) ==
        "an X25519 recipient with a key of low order");
}

TEST_CASE("headers have bounds") {
  std::string many = "age-encryption.org/v1\n";
  for (int i = 0; i < 1025; ++i) many += "-> a\n\n";
  CHECK(error_of(many) == "line 2050 of the age header is one recipient too many");
  CHECK(error_of("age-encryption.org/v1\n-> " + std::string(1 << 20, 'a')) ==
        "the age header has no end: line 2 is cut off or too long");
}

TEST_CASE("stanzas of unknown types are skipped, also those that exist to see that they are") {
  const Identity identity = generate_identity();
  // A header must be signed as a whole, so a stanza cannot be put into a finished file.
  const Recipient recipient = recipient_of(identity);
  const auto file = encrypt(Secret("text"), {&recipient, 1});
  const auto header = parse_header(*file);
  REQUIRE(header);
  std::vector<Stanza> stanzas = header->stanzas;
  CHECK(header_text(stanzas) == header->signed_text);
  stanzas.insert(stanzas.begin(), {{"4(-grease", "M|", "x"}, pattern(48)});
  stanzas.push_back({{"empty"}, ""});
  stanzas.push_back({{"long"}, pattern(96)});
  const std::string text = header_text(stanzas) + " " + std::string(43, 'A') + "\n";
  const auto again = parse_header(text);
  REQUIRE(again);
  CHECK(again->stanzas.size() == 4);
  for (std::size_t i = 0; i < stanzas.size(); ++i) {
    CHECK(again->stanzas[i].arguments == stanzas[i].arguments);
    CHECK(again->stanzas[i].body == stanzas[i].body);
  }
}

TEST_CASE("keys are written and read as age writes and reads them") {
  // The pair of keys from the documentation of the format.
  const Secret written(
      "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX");
  const auto identities = parse_identities(written);
  REQUIRE(identities);
  CHECK((*identities)[0].key.reveal() == std::string(32, '\x42'));
  CHECK((to_text((*identities)[0]) == written));
  const std::string recipient = to_text(recipient_of((*identities)[0]));
  CHECK(recipient == "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj");
  const auto recipients = parse_recipients("# mine\n\n" + recipient + "\r\n  " + recipient + "\n");
  REQUIRE(recipients);
  CHECK(recipients->size() == 2);
  CHECK((*recipients)[0] == recipient_of((*identities)[0]));
}

TEST_CASE("a key with a mistake is refused with its line, and never shown") {
  const auto refusal = [](std::string_view text) {
    return parse_recipients(text).error().message();
  };
  CHECK(refusal("# x\nage1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwk") ==
        "line 2 is no recipient (age1…): its checksum is wrong: a character was changed");
  CHECK(refusal("age1Zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj") ==
        "line 1 is no recipient (age1…): small and capital letters are mixed");
  CHECK(refusal("ssh-ed25519 AAAA") ==
        "line 1 is no recipient (age1…): it does not begin with age1");
  CHECK(refusal("age1b") == "line 1 is no recipient (age1…): it is too short");
  CHECK(refusal("age1bbbbbbbb") ==
        "line 1 is no recipient (age1…): it has a character that no key has");
  CHECK(refusal(to_bech32("age", "short")) ==
        "line 1 is no recipient (age1…): it has the wrong length");
  CHECK(
      parse_identities(Secret("AGE-SECRET-KEY-1GFPYYSJZ")).error().message() ==
      "line 1 is no identity (AGE-SECRET-KEY-1…): its checksum is wrong: a character was changed");
}

TEST_CASE("base64 without padding is read in its one form") {
  for (std::size_t size = 0; size < 100; ++size)
    CHECK(from_base64(to_base64(pattern(size))).value() == pattern(size));
  for (const char* wrong : {"A", "AB", "AAB", "AA=", "AA==", "A A", "-_-_", "AAAA\n"})
    CHECK_FALSE(from_base64(wrong));
}

TEST_CASE("the HMAC is the one of RFC 4231") {
  CHECK(hmac_hex(Secret("Jefe"), Secret("what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

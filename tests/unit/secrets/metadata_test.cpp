#include "core/secrets/metadata.hpp"

#include "core/base/text.hpp"
#include "core/secrets/content.hpp"

using namespace exai;
using namespace exai::secrets;

TEST_CASE("metadata reads back as it was written, and holds what people may see") {
  const auto time = parse_utc("2026-11-21T07:00:00.000Z");
  const Metadata metadata = {
      {"A_KEY", {time, time, *time + std::chrono::hours(24), 43, "7f3a91c0", true}},
      {"B_KEY", {{}, {}, {}, 8, "", false}}};
  const std::string text = to_text(metadata, "prod.age");
  CHECK(
      text ==
      R"(# What may be known of the secrets in prod.age, written by exai secret. No value is in here.

[A_KEY]
created = "2026-11-21T07:00:00.000Z"
changed = "2026-11-21T07:00:00.000Z"
expires = "2026-11-22T07:00:00.000Z"
length = 43
mark = "7f3a91c0"
rotating = true

[B_KEY]
length = 8
mark = ""
)");
  const auto read = parse_metadata(text, "prod.toml");
  REQUIRE(read);
  CHECK(*read == metadata);
}

TEST_CASE("metadata that is broken is refused with its place, and what is unknown is skipped") {
  CHECK(parse_metadata("[A\n", "prod.toml").error().message().starts_with("prod.toml:1:"));
  const auto read = parse_metadata("top = 1\n[A]\nlength = -1\nmore = true\n", "x");
  REQUIRE(read);
  CHECK(*read == Metadata{{"A", {}}});
}

TEST_CASE("a date that cannot be read is no secret that lives for ever") {
  const auto refusal = [](const std::string& line) {
    const auto read = parse_metadata("[A]\nlength = 3\n" + line + "\n", "prod.toml");
    return read ? "read" : read.error().message();
  };
  CHECK(refusal("expires = \"next week\"") ==
        "prod.toml:3:11: expires is no time; write it as \"2027-02-19T07:00:00Z\", or take the "
        "line away");
  CHECK(refusal("changed = 7") ==
        "prod.toml:3:11: changed is no time; write it as \"2027-02-19T07:00:00Z\", or take the "
        "line away");
  CHECK(refusal("created = \"\"") ==
        "prod.toml:3:11: created is no time; write it as \"2027-02-19T07:00:00Z\", or take the "
        "line away");
  // TOML's own kind of time is as good as a text.
  CHECK(refusal("expires = 2027-02-19T07:00:00Z") == "read");
  CHECK(refusal("expires = \"2027-02-19T07:00:00Z\"") == "read");
}

TEST_CASE("the age of a secret begins with its last change") {
  const auto made = parse_utc("2026-01-01T00:00:00Z");
  const auto changed = parse_utc("2026-02-01T00:00:00Z");
  const auto dates = dates_of({{"A", {made, changed, {}, 1, "", false}},
                               {"B", {made, {}, changed, 1, "", false}},
                               {"C", {}}});
  CHECK(dates.at("A").since == changed);
  CHECK(dates.at("B").since == made);
  CHECK(dates.at("B").expires == changed);
  CHECK_FALSE(dates.at("C").since);
}

TEST_CASE("where a store keeps what belongs to it") {
  const Place file = place_of("/srv/secrets/prod.age");
  CHECK(file.is_encrypted());
  CHECK(file.recipients() == "/srv/secrets/recipients.txt");
  CHECK(file.metadata() == "/srv/secrets/prod.toml");
  CHECK(file.lock() == "/srv/secrets/prod.age.lock");
  CHECK(file.journal() == "/srv/secrets/prod.age.journal");
  for (const char* path : {"/srv/secrets", "/srv/secrets/"}) {
    const Place folder = place_of(path);
    CHECK_FALSE(folder.is_encrypted());
    CHECK(folder.store == "/srv/secrets");
    CHECK(folder.metadata() == "/srv/secrets/.meta.toml");
    CHECK(folder.lock() == "/srv/secrets/.lock");
    CHECK(folder.journal() == "/srv/secrets/.journal");
  }
}

TEST_CASE("an identity is named, or where people keep it") {
  CHECK(identity_path({{"EXAI_IDENTITY_FILE", "/id"}, {"HOME", "/home/a"}}) == Path("/id"));
  CHECK(identity_path({{"EXAI_IDENTITY_FILE", ""}, {"HOME", "/home/a"}}) ==
        Path("/home/a/.config/exai/identity.txt"));
  CHECK(identity_path({}).error().message() ==
        "no identity: neither EXAI_IDENTITY_FILE nor HOME is set");
}

TEST_CASE("what can be a secret") {
  for (const char* name : {"A", "_", "KIMI_API_KEY", "a1"}) CHECK(is_secret_name(name));
  for (const char* name : {"", "1A", "A-B", "A.prev", ".key", "A/B", "Ä", ".."})
    CHECK_FALSE(is_secret_name(name));
  CHECK(check_value(Secret("x\ny\t\xC3\xA4")));
  CHECK(check_value(Secret(std::string(65536, 'x'))));
  const auto refusal = [](std::string value) {
    return check_value(Secret(std::move(value))).error().message();
  };
  CHECK(refusal("") == "the value is empty");
  CHECK(refusal(std::string(65537, 'x')) == "the value has more than 64 KiB");
  CHECK(refusal(std::string(2, '\0')) == "the value has a NUL byte, which no variable can hold");
  CHECK(refusal("\xFF") == "the value is not UTF-8 text");
}

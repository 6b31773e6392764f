// Stores on disk: what they look like to others, who may read them, and what a crash leaves.
#include <catch2/catch.hpp>
#include <fstream>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/secrets/age.hpp"
#include "core/secrets/store.hpp"
#include "tests/support/support.hpp"

using namespace exai;
using namespace exai::secrets;
using test::TempDir;

namespace {

namespace fs = std::filesystem;

const WallTime kMonday = *parse_utc("2026-11-23T08:00:00.000Z");
const WallTime kTuesday = *parse_utc("2026-11-24T08:00:00.000Z");

std::string text(const Secret& value) {
  return std::string(value.reveal());
}

mode_t mode(const Path& path) {
  return static_cast<mode_t>(fs::status(path).permissions());
}

// A folder with an identity and a store of either form.
struct World {
  TempDir folder;
  Path store;
  Environment environment{{"EXAI_IDENTITY_FILE", (folder / "identity.txt").string()}};
  Identity identity = generate_identity();

  explicit World(std::string_view form) : store(folder / form) {
    REQUIRE(write_file_atomic(folder / "identity.txt", text(to_text(identity)) + "\n", 0600));
    const std::string recipient = to_text(recipient_of(identity)) + "\n";
    if (form.ends_with(".age")) folder.write("recipients.txt", "# mine\n" + recipient);
    REQUIRE(Editor::create(store, environment));
  }

  Editor edit() const {
    auto editor = Editor::open(store, environment);
    if (!editor) FAIL(editor.error().message());
    return std::move(*editor);
  }
  void set(const std::string& name, const std::string& value, WallTime now = kMonday) const {
    REQUIRE(edit().set({{name, Secret(value)}}, now));
  }
  std::string value(const std::string& name) const {
    const auto values = read_values(store, environment);
    if (!values) FAIL(values.error().message());
    const auto found = values->find(name);
    return found == values->end() ? "(none)" : text(found->second);
  }
  std::string refusal() const {
    const auto values = read_values(store, environment);
    return values ? "read" : values.error().message();
  }
  Facts facts(const std::string& name) const {
    const auto metadata = read_metadata(store);
    REQUIRE(metadata);
    const auto found = metadata->find(name);
    return found == metadata->end() ? Facts() : found->second;
  }
};

}  // namespace

TEST_CASE("a store keeps values, and tells about them without a key") {
  for (const char* form : {"prod.age", "plain"}) {
    INFO(form);
    const World world(form);
    world.set("A_KEY", "first value \"\\\n\x01 \xC3\xA4");
    world.set("B_KEY", "second");
    world.set("B_KEY", "another", kTuesday);
    CHECK(world.value("A_KEY") == "first value \"\\\n\x01 \xC3\xA4");
    CHECK(world.value("B_KEY") == "another");
    CHECK(world.value("C_KEY") == "(none)");
    CHECK(world.facts("A_KEY").created == kMonday);
    CHECK(world.facts("A_KEY").length == 19);
    CHECK(world.facts("B_KEY").created == kMonday);
    CHECK(world.facts("B_KEY").changed == kTuesday);
    CHECK(world.facts("A_KEY").mark.size() == 8);
    CHECK(world.facts("A_KEY").mark != world.facts("B_KEY").mark);
    REQUIRE(world.edit().remove("B_KEY"));
    CHECK(world.value("B_KEY") == "(none)");
    CHECK(world.facts("B_KEY") == Facts());
    CHECK(world.edit().remove("B_KEY").error().code() == Errc::not_found);
  }
}

TEST_CASE("age opens our store, and a store that age made is one of ours") {
  const World world("prod.age");
  world.set("A_KEY", "first");
  const Path identity = world.folder / "identity.txt";
  const auto opened = test::run({"age", "-d", "-i", identity.string(), world.store.string()});
  INFO(opened.err);
  const auto object = parse_json_object(opened.out);
  REQUIRE(object);
  CHECK(find_string(*object, "A_KEY") == "first");

  const Path plain =
      world.folder.write("plain.json", R"({"B_KEY": "theirs", "A_KEY.prev": "old"})");
  REQUIRE(test::run({"age", "-R", (world.folder / "recipients.txt").string(), "-o",
                     world.store.string(), plain.string()})
              .exit == 0);
  CHECK(world.value("B_KEY") == "theirs");
  world.set("C_KEY", "ours");
  CHECK(world.value("B_KEY") == "theirs");
  CHECK(text(world.edit().content().previous.at("A_KEY")) == "old");
}

TEST_CASE("several people may hold a store; one who is taken out cannot open the next version") {
  const World world("prod.age");
  const Identity other = generate_identity();
  const auto both =
      to_text(recipient_of(world.identity)) + "\n" + to_text(recipient_of(other)) + "\n";
  world.folder.write("recipients.txt", both);
  world.set("A_KEY", "for both");
  REQUIRE(write_file_atomic(world.folder / "other.txt", text(to_text(other)), 0600));
  const Environment theirs{{"EXAI_IDENTITY_FILE", (world.folder / "other.txt").string()}};
  CHECK(text(read_values(world.store, theirs)->at("A_KEY")) == "for both");
  world.folder.write("recipients.txt", to_text(recipient_of(world.identity)) + "\n");
  world.set("A_KEY", "for one");
  CHECK(read_values(world.store, theirs).error() ==
        Error(Errc::denied,
              world.store.string() + ": the age file is for 1 recipient, and none is ours"));
}

TEST_CASE("a refused store is left as it is") {
  const World world("prod.age");
  world.set("A_KEY", "value of before");
  const std::string good = *read_file(world.store);
  std::string changed = good;
  changed.back() = static_cast<char>(changed.back() ^ 1);
  const std::string versions[] = {changed, good.substr(0, good.size() - 1), good + "x", "",
                                  "A_KEY=plain"};
  for (const std::string& bytes : versions) {
    REQUIRE(write_file_atomic(world.store, bytes, 0600));
    CHECK_FALSE(read_values(world.store, world.environment));
    CHECK_FALSE(Editor::open(world.store, world.environment));
    CHECK(*read_file(world.store) == bytes);
  }
  REQUIRE(write_file_atomic(world.store, good, 0600));
  CHECK(world.value("A_KEY") == "value of before");
}

TEST_CASE("what is inside an age file must be names with texts, and is never quoted") {
  const World world("prod.age");
  const auto refusal_of = [&](const std::string& inside) {
    const Recipient recipient = recipient_of(world.identity);
    REQUIRE(write_file_atomic(world.store, *encrypt(Secret(inside), {&recipient, 1}), 0600));
    return replace_all(world.refusal(), world.store.string(), "STORE");
  };
  CHECK(refusal_of("{\"A\": \"x\", hidden") ==
        "STORE: what is inside is no JSON object of names and values");
  CHECK(refusal_of("[\"hidden\"]") ==
        "STORE: what is inside is no JSON object of names and values");
  CHECK(refusal_of("{\"A-B\": \"hidden\"}") ==
        "STORE: \"A-B\" inside is no name of a variable with a text");
  CHECK(refusal_of("{\"A\": 17}") == "STORE: \"A\" inside is no name of a variable with a text");
  CHECK(refusal_of(std::string(1000, '[')) ==
        "STORE: what is inside is no JSON object of names and values");
}

TEST_CASE("the identity is asked for by name, and must be private") {
  World world("prod.age");
  const Path identity = world.folder / "identity.txt";
  fs::permissions(identity, fs::perms(0640));
  CHECK(world.refusal() ==
        identity.string() + " is open to others; make it private: chmod 600 " + identity.string());
  REQUIRE(write_file_atomic(identity, "# nothing\n", 0600));
  CHECK(world.refusal() == identity.string() + " holds no identity");
  REQUIRE(write_file_atomic(identity, "AGE-SECRET-KEY-1QQ", 0600));
  CHECK(world.refusal() ==
        identity.string() + ": line 1 is no identity (AGE-SECRET-KEY-1…): it is too short");
  REQUIRE(remove_file(identity));
  CHECK(world.refusal() == "there is no identity " + identity.string() +
                               "; name another one with EXAI_IDENTITY_FILE, or make one: exai "
                               "secret init");
}

TEST_CASE("files of a plain store are private, and refused when they are not") {
  const World world("plain");
  world.set("A_KEY", "value");
  CHECK(mode(world.store) == 0700);
  for (const char* name : {"A_KEY", ".key", ".meta.toml"}) CHECK(mode(world.store / name) == 0600);
  const std::string file = (world.store / "A_KEY").string();

  fs::permissions(file, fs::perms(0644));
  CHECK(world.refusal() == file + " is open to others; make it private: chmod 600 " + file);
  fs::permissions(file, fs::perms(0400));
  CHECK(world.value("A_KEY") == "value");
  fs::permissions(world.store, fs::perms(0750));
  CHECK(world.refusal() == world.store.string() +
                               " is open to others; make it private: chmod 700 " +
                               world.store.string());
  fs::permissions(world.store, fs::perms(0700));

  REQUIRE(write_file_atomic(world.store / "BY_HAND", "typed\n", 0600));
  REQUIRE(write_file_atomic(world.store / "README.md", "not a secret\n", 0644));
  CHECK(world.value("BY_HAND") == "typed");
  const Path target = world.folder.write("target", "elsewhere");
  fs::create_symlink(target, world.store / "LINK");
  CHECK(world.refusal() ==
        (world.store / "LINK").string() + " is a link; put the file itself there");
  fs::remove(world.store / "LINK");
  fs::create_directory(world.store / "FOLDER");
  fs::permissions(world.store / "FOLDER", fs::perms(0700));
  CHECK(world.refusal() == (world.store / "FOLDER").string() + " is no file");
  fs::remove(world.store / "FOLDER");
  REQUIRE(make_fifo(world.store / "FIFO"));
  CHECK(world.refusal() == (world.store / "FIFO").string() + " is no file");
}

TEST_CASE("a rotation keeps the value of before until it is finished") {
  for (const char* form : {"prod.age", "plain"}) {
    INFO(form);
    const World world(form);
    world.set("A_KEY", "old value");
    REQUIRE(world.edit().rotate({"A_KEY", Secret("new value")}, kTuesday));
    CHECK(world.value("A_KEY") == "new value");
    CHECK(text(world.edit().content().previous.at("A_KEY")) == "old value");
    CHECK(world.facts("A_KEY").changed == kTuesday);
    CHECK(world.edit().rotate({"A_KEY", Secret("third")}, kTuesday).error() ==
          Error(Errc::conflict, "the last rotation of A_KEY is not finished"));
    REQUIRE(world.edit().finish("A_KEY"));
    CHECK(world.edit().content().previous.empty());
    CHECK(world.edit().finish("A_KEY").error().code() == Errc::not_found);
    CHECK(world.edit().rotate({"A_KEY", Secret("new value")}, kTuesday).error().code() ==
          Errc::invalid);
    CHECK(world.edit().rotate({"NONE", Secret("x")}, kTuesday).error().code() == Errc::not_found);
  }
}

TEST_CASE("one at a time changes a store") {
  const World world("prod.age");
  const Editor first = world.edit();
  const auto second = Editor::open(world.store, world.environment);
  REQUIRE_FALSE(second);
  CHECK(second.error().code() == Errc::conflict);
  CHECK(Editor::create(world.store, world.environment).error().code() == Errc::conflict);
}

TEST_CASE("a change that a crash cut short is completed by the next one, whatever was written") {
  for (const char* form : {"prod.age", "plain"}) {
    const World world(form);
    world.set("A_KEY", "old value");
    const Place place = place_of(world.store);
    const TempDir before;
    fs::copy(world.folder.path(), before.path(), fs::copy_options::recursive);
    REQUIRE(world.edit().rotate({"A_KEY", Secret("new value"), kTuesday + std::chrono::hours(24)},
                                kTuesday));
    const Facts after = world.facts("A_KEY");
    const std::string metadata = *read_file(place.metadata());
    const auto put_back = [&](const Path& file) {
      fs::copy_file(before.path() / fs::relative(file, world.folder.path()), file,
                    fs::copy_options::overwrite_existing);
    };
    // journal, values, metadata were written; the journal stayed
    REQUIRE(write_file_atomic(place.journal(), metadata, 0600));
    CHECK(text(world.edit().content().previous.at("A_KEY")) == "old value");
    CHECK_FALSE(fs::exists(place.journal()));
    CHECK(world.facts("A_KEY") == after);
    // journal and values
    REQUIRE(write_file_atomic(place.journal(), metadata, 0600));
    put_back(place.metadata());
    CHECK(world.value("A_KEY") == "new value");
    CHECK(text(world.edit().content().previous.at("A_KEY")) == "old value");
    CHECK(world.facts("A_KEY") == after);
    // the journal alone, or a part of it
    for (const std::string& journal : {metadata, metadata.substr(0, metadata.size() / 2)}) {
      REQUIRE(write_file_atomic(place.journal(), journal, 0600));
      put_back(place.metadata());
      if (place.is_encrypted()) {
        put_back(place.store);
      } else {
        put_back(place.store / "A_KEY");
        fs::copy_file(place.store / "A_KEY", place.store / "A_KEY.prev",
                      fs::copy_options::overwrite_existing);
      }
      CHECK(world.edit().content().previous.empty());
      CHECK(world.value("A_KEY") == "old value");
      CHECK(world.facts("A_KEY").changed == kMonday);
      CHECK(world.facts("A_KEY").expires == std::nullopt);
    }
  }
}

TEST_CASE("the files that systemd hands over are secrets by the names of variables") {
  const TempDir folder;
  folder.write("A_KEY", "value\n");
  folder.write("not-a-variable", "x");
  fs::permissions(folder / "A_KEY", fs::perms(0440));
  fs::create_symlink(folder / "A_KEY", folder / "LINK");
  const auto values = read_credentials(folder.path());
  REQUIRE(values);
  CHECK(values->size() == 1);
  CHECK(text(values->at("A_KEY")) == "value");
  CHECK(read_credentials(folder / "absent").error().code() == Errc::not_found);
}

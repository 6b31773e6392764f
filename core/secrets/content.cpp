#include "core/secrets/content.hpp"

#include <algorithm>

#include "core/base/ascii.hpp"
#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/secrets/age.hpp"

namespace exai::secrets {

namespace {

constexpr std::size_t kLargestStore = 16U << 20U;
constexpr std::size_t kLargestValue = 64U << 10U;
constexpr std::string_view kKey = ".key";
constexpr std::string_view kPrevious = ".prev";

// Where a name in the store belongs; false: nowhere.
bool put(Content& content, std::string_view name, Secret value) {
  if (name == kKey) {
    content.key = std::move(value);
    return true;
  }
  const bool previous = name.ends_with(kPrevious);
  if (previous) name.remove_suffix(kPrevious.size());
  if (!is_secret_name(name)) return false;
  (previous ? content.previous : content.current)[std::string(name)] = std::move(value);
  return true;
}

// --- one age file ---

Result<std::vector<Identity>> read_identities(const Environment& environment) {
  TRY(path, identity_path(environment));
  const auto text = read_private_file(path);
  if (!text && text.error().code() == Errc::not_found)
    return fail(Errc::not_found,
                "there is no identity {}; name another one with EXAI_IDENTITY_FILE, or make one: "
                "exai secret init",
                path.string());
  if (!text) return fail(text.error());
  auto identities = parse_identities(*text);
  if (!identities) return fail(identities.error().within(path.string()));
  if (identities->empty()) return fail(Errc::invalid, "{} holds no identity", path.string());
  return identities;
}

// The parser's own copies of the values.
void wipe(json::object& object) {
  for (auto& member : object)
    if (json::string* text = member.value().if_string())
      std::fill_n(static_cast<volatile char*>(text->data()), text->size(), '\0');
}

Result<Content> parse_content(const Secret& text) {
  auto parsed = parse_json_object(text.reveal());
  // What the parser says may quote what it has read.
  if (!parsed) return fail(Errc::invalid, "what is inside is no JSON object of names and values");
  Content content;
  std::string wrong;
  for (const auto& member : *parsed) {
    const json::string* value = member.value().if_string();
    if (value == nullptr || !put(content, member.key(), Secret(std::string(*value))))
      wrong = printable(member.key());
  }
  wipe(*parsed);
  if (!wrong.empty())
    return fail(Errc::invalid, "\"{}\" inside is no name of a variable with a text", wrong);
  return content;
}

Result<Content> read_age(const Place& place, const Environment& environment) {
  TRY(file, read_file(place.store, kLargestStore));
  TRY(identities, read_identities(environment));
  auto text = decrypt(file, identities);
  if (!text) return fail(text.error().within(place.store.string()));
  auto content = parse_content(*text);
  if (!content) return fail(content.error().within(place.store.string()));
  return content;
}

std::size_t quoted_size(const Values& values) {
  std::size_t size = 0;
  for (const auto& [name, value] : values) size += name.size() + 6 * value.reveal().size() + 32;
  return size;
}

void append_quoted(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += {'\\', c};
    else if (c == '\n')
      out += "\\n";
    else if (byte < 0x20)
      out += {'\\', 'u', '0', '0', kHex[byte >> 4U], kHex[byte & 15U]};
    else
      out += c;
  }
  out += '"';
}

// Room for all of it from the start: a text that grows leaves copies behind.
Secret to_json(const Content& content) {
  std::string out;
  out.reserve(quoted_size(content.current) + quoted_size(content.previous) +
              6 * content.key.reveal().size() + 64);
  const auto add = [&](std::string_view name, std::string_view ending, const Secret& value) {
    out += out.empty() ? "{\n  " : ",\n  ";
    append_quoted(out, std::string(name) + std::string(ending));
    out += ": ";
    append_quoted(out, value.reveal());
  };
  if (!content.key.empty()) add(kKey, "", content.key);
  for (const auto& [name, value] : content.current) add(name, "", value);
  for (const auto& [name, value] : content.previous) add(name, kPrevious, value);
  out += out.empty() ? "{}\n" : "\n}\n";
  return Secret(std::move(out));
}

Result<> write_age(const Place& place, const Content& content) {
  const auto text = read_file(place.recipients(), 1U << 20U);
  if (!text) return fail(text.error().within("whom to encrypt for"));
  const auto recipients = parse_recipients(*text);
  if (!recipients) return fail(recipients.error().within(place.recipients().string()));
  auto file = encrypt(to_json(content), *recipients);
  if (!file) return fail(file.error().within(place.recipients().string()));
  return write_file_atomic(place.store, *file, 0600);
}

// --- a folder of files ---

Result<Content> read_folder(const Place& place) {
  if (auto is_private = check_private_directory(place.store); !is_private)
    return fail(std::move(is_private).error());
  Content content;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(place.store, error)) {
    const std::string name = entry.path().filename().string();
    if (!put(content, name, Secret())) continue;  // metadata, a README, an editor's copy
    auto value = read_private_file(entry.path(), kLargestValue + 2);
    if (!value) return fail(std::move(value).error());
    std::string_view text = value->reveal();
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    put(content, name, Secret(std::string(text)));
  }
  if (error) return fail(Errc::internal, "reading {}: {}", place.store.string(), error.message());
  return content;
}

Result<> write_changed(const Path& folder, std::string_view ending, const Values& before,
                       const Values& after) {
  for (const auto& [name, value] : after) {
    const auto old = before.find(name);
    if (old != before.end() && old->second == value) continue;
    const Path file = folder / (name + std::string(ending));
    if (auto written = write_file_atomic(file, value.reveal(), 0600); !written) return written;
  }
  return {};
}

Result<> remove_missing(const Path& folder, std::string_view ending, const Values& before,
                        const Values& after) {
  for (const auto& [name, value] : before)
    if (!after.contains(name))
      if (auto removed = remove_file(folder / (name + std::string(ending))); !removed)
        return removed;
  return {};
}

// First what is kept, then what replaces it, last what goes: at each moment every value is there.
Result<> write_folder(const Place& place, const Content& before, const Content& after) {
  if (auto made = make_private_directory(place.store); !made) return made;
  if (!(before.key == after.key))
    if (auto kept = write_file_atomic(place.store / kKey, after.key.reveal(), 0600); !kept)
      return kept;
  const Path& folder = place.store;
  if (auto done = write_changed(folder, kPrevious, before.previous, after.previous); !done)
    return done;
  if (auto done = write_changed(folder, "", before.current, after.current); !done) return done;
  if (auto done = remove_missing(folder, "", before.current, after.current); !done) return done;
  return remove_missing(folder, kPrevious, before.previous, after.previous);
}

}  // namespace

Place place_of(const Path& store) {
  const bool slash = !store.empty() && !store.has_filename();
  return {(slash ? store.parent_path() : store).lexically_normal()};
}

Path Place::metadata() const {
  if (!is_encrypted()) return store / ".meta.toml";
  Path path = store;
  return path.replace_extension(".toml");
}

Path Place::beside(std::string_view ending) const {
  return is_encrypted() ? Path(store.string() + std::string(ending)) : store / ending;
}

Result<Path> identity_path(const Environment& environment) {
  if (const auto given = value_or_empty(environment, "EXAI_IDENTITY_FILE"); !given.empty())
    return Path(given);
  if (const auto home = value_or_empty(environment, "HOME"); home.starts_with('/'))
    return Path(home) / ".config/exai/identity.txt";
  return fail(Errc::not_found, "no identity: neither EXAI_IDENTITY_FILE nor HOME is set");
}

bool is_secret_name(std::string_view name) {
  return is_identifier(name) && name.size() <= 200;
}

Result<> check_value(const Secret& value) {
  const std::string_view text = value.reveal();
  if (text.empty()) return fail(Errc::invalid, "the value is empty");
  if (text.size() > kLargestValue)
    return fail(Errc::invalid, "the value has more than {}", format_size(kLargestValue));
  if (text.find('\0') != std::string_view::npos)
    return fail(Errc::invalid, "the value has a NUL byte, which no variable can hold");
  if (!is_utf8(text)) return fail(Errc::invalid, "the value is not UTF-8 text");
  return {};
}

Result<Content> read_content(const Place& place, const Environment& environment) {
  std::error_code ignored;
  if (!std::filesystem::exists(place.store, ignored))
    return fail(Errc::not_found, "there is no {}; make it: exai secret init", place.store.string());
  return place.is_encrypted() ? read_age(place, environment) : read_folder(place);
}

Result<> write_content(const Place& place, const Content& before, const Content& after) {
  return place.is_encrypted() ? write_age(place, after) : write_folder(place, before, after);
}

}  // namespace exai::secrets

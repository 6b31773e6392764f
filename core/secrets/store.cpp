#include "core/secrets/store.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "core/secrets/age.hpp"

namespace exai::secrets {

namespace {

constexpr std::size_t kMark = 8;
constexpr std::size_t kMarkKeyBytes = 32;

std::string mark_of(const Secret& key, const Secret& value) {
  return key.empty() ? std::string() : hmac_hex(key, value).substr(0, kMark);
}

// The marks of a store that `age` made are of no use until it has a key.
void make_key(Content& content) {
  if (content.key.empty()) content.key = Secret(random_hex(kMarkKeyBytes));
}

// What is known of a value that was written at `now`.
void note(Metadata& facts, const Content& content, const Editor::Change& change, WallTime now) {
  Facts& known = facts[change.name];
  if (!known.created) known.created = now;
  known.changed = now;
  known.expires = change.expires;
  known.length = change.value.reveal().size();
  known.mark = mark_of(content.key, change.value);
  known.rotating = content.previous.contains(change.name);
}

// Of two accounts, for each value the one that is about it; the later one first.
Metadata reconcile(const Content& content, const Metadata& later, const Metadata& earlier) {
  Metadata facts;
  for (const auto& [name, value] : content.current) {
    const std::string mark = mark_of(content.key, value);
    facts[name] = {{}, {}, {}, value.reveal().size(), mark};
    for (const Metadata* account : {&earlier, &later})
      if (const auto known = account->find(name);
          known != account->end() && known->second.mark == mark)
        facts[name] = known->second;
    facts[name].rotating = content.previous.contains(name);
  }
  return facts;
}

Result<> check_change(const Editor::Change& change) {
  if (!is_secret_name(change.name))
    return fail(Errc::invalid, "\"{}\" is no name of a variable: letters, digits and _",
                printable(change.name));
  if (auto right = check_value(change.value); !right)
    return fail(right.error().within(change.name));
  return {};
}

}  // namespace

Result<Values> read_values(const Path& store, const Environment& environment) {
  TRY(content, read_content(place_of(store), environment));
  return std::move(content.current);
}

Result<Metadata> read_metadata(const Path& store) {
  const Path file = place_of(store).metadata();
  const auto text = read_file(file, 4U << 20U);
  if (!text && text.error().code() == Errc::not_found) return Metadata();
  if (!text) return fail(text.error());
  return parse_metadata(*text, file.string());
}

Result<Values> read_credentials(const Path& folder) {
  Values values;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!is_secret_name(name) ||
        entry.symlink_status().type() != std::filesystem::file_type::regular)
      continue;
    TRY(text, read_file(entry.path(), 1U << 20U));
    if (text.ends_with('\n')) text.pop_back();
    values[name] = Secret(std::move(text));
  }
  if (error) return fail(Errc::not_found, "reading {}: {}", folder.string(), error.message());
  return values;
}

Result<Editor> Editor::open(const Path& store, const Environment& environment) {
  Place place = place_of(store);
  std::error_code ignored;
  if (!std::filesystem::exists(place.store, ignored))
    return fail(Errc::not_found, "there is no store {}; make it: exai secret init",
                place.store.string());
  TRY(lock, LockFile::acquire(place.lock()));
  Editor editor(std::move(place), std::move(lock));
  if (auto loaded = editor.load(environment); !loaded) return fail(std::move(loaded).error());
  return editor;
}

Result<> Editor::create(const Path& store, const Environment& environment) {
  const Place place = place_of(store);
  std::error_code error;
  if (std::filesystem::exists(place.store, error))
    return fail(Errc::conflict, "{} is there already", place.store.string());
  if (place.is_encrypted())
    std::filesystem::create_directories(place.store.parent_path(), error);
  else if (auto made = make_private_directory(place.store); !made)
    return made;
  TRY(lock, LockFile::acquire(place.lock()));
  Editor editor(place, std::move(lock));
  if (place.is_encrypted())
    if (auto written = write_content(place, {}, {}); !written) return written;
  if (auto loaded = editor.load(environment); !loaded) return loaded;
  Content empty;
  make_key(empty);
  return editor.commit(std::move(empty), {});
}

Result<> Editor::load(const Environment& environment) {
  TRY(content, read_content(place_, environment));
  content_ = std::move(content);
  TRY(metadata, read_metadata(place_.store));
  metadata_ = std::move(metadata);
  return recover();
}

Result<> Editor::recover() {
  const auto text = read_file(place_.journal(), 4U << 20U);
  if (!text && text.error().code() == Errc::not_found) return {};
  if (!text) return fail(text.error());
  const auto journal = parse_metadata(*text, place_.journal().string());
  Content content = content_;
  std::erase_if(content.previous, [&](const auto& previous) {  // a folder, before the new one came
    const auto current = content.current.find(previous.first);
    return current != content.current.end() && current->second == previous.second;
  });
  Metadata facts = reconcile(content, journal ? *journal : Metadata(), metadata_);
  return commit(std::move(content), std::move(facts));
}

Result<> Editor::commit(Content after, Metadata facts) {
  const std::string text = to_text(facts, place_.name());
  if (auto noted = write_file_atomic(place_.journal(), text, 0600); !noted) return noted;
  if (auto written = write_content(place_, content_, after); !written) return written;
  content_ = std::move(after);
  const mode_t mode = place_.is_encrypted() ? 0644 : 0600;
  if (auto written = write_file_atomic(place_.metadata(), text, mode); !written) return written;
  metadata_ = std::move(facts);
  return remove_file(place_.journal());
}

Result<> Editor::set(const std::vector<Change>& changes, WallTime now) {
  Content after = content_;
  Metadata facts = metadata_;
  make_key(after);
  for (const Change& change : changes) {
    if (auto right = check_change(change); !right) return right;
    after.current[change.name] = change.value;
    note(facts, after, change, now);
  }
  return commit(std::move(after), std::move(facts));
}

Result<> Editor::rotate(const Change& change, WallTime now) {
  if (auto right = check_change(change); !right) return right;
  const auto current = content_.current.find(change.name);
  if (current == content_.current.end())
    return fail(Errc::not_found, "{} is not in {}", change.name, place_.name());
  if (content_.previous.contains(change.name))
    return fail(Errc::conflict, "the last rotation of {} is not finished", change.name);
  if (current->second == change.value)
    return fail(Errc::invalid, "that is the value {} has already", change.name);
  Content after = content_;
  Metadata facts = metadata_;
  make_key(after);
  after.previous[change.name] = current->second;
  after.current[change.name] = change.value;
  note(facts, after, change, now);
  return commit(std::move(after), std::move(facts));
}

Result<> Editor::finish(const std::string& name) {
  Content after = content_;
  if (after.previous.erase(name) == 0)
    return fail(Errc::not_found, "{} is not being rotated", name);
  Metadata facts = metadata_;
  facts[name].rotating = false;
  return commit(std::move(after), std::move(facts));
}

Result<> Editor::remove(const std::string& name) {
  Content after = content_;
  if (after.current.erase(name) == 0)
    return fail(Errc::not_found, "{} is not in {}", name, place_.name());
  after.previous.erase(name);
  Metadata facts = metadata_;
  facts.erase(name);
  return commit(std::move(after), std::move(facts));
}

}  // namespace exai::secrets

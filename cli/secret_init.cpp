// exai secret init: an identity, whom the store is for, and an empty store.
#include "cli/secret_store.hpp"
#include "core/base/text.hpp"
#include "core/secrets/age.hpp"

namespace exai::cli {

Exit secret_init(Context& context, Args& args);

namespace {

struct Made {
  std::vector<std::string> files;
  std::string recipient;
};

// The public key of the first identity, which is made when there is none.
Result<secrets::Recipient> own_recipient(const Environment& environment, Made& made) {
  TRY(path, secrets::identity_path(environment));
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    const secrets::Identity identity = secrets::generate_identity();
    const secrets::Recipient recipient = secrets::recipient_of(identity);
    if (!std::filesystem::exists(path.parent_path(), error))
      if (auto folder = make_private_directory(path.parent_path()); !folder)
        return fail(std::move(folder).error());
    const Secret text(fmt::format(
        "# created: {}\n# public key: {}\n{}\n", format_utc(std::chrono::system_clock::now()),
        secrets::to_text(recipient), secrets::to_text(identity).reveal()));
    if (auto kept = write_file_atomic(path, text.reveal(), 0600); !kept)
      return fail(std::move(kept).error());
    made.files.push_back(path.string());
    return recipient;
  }
  TRY(text, read_private_file(path));
  TRY(identities, secrets::parse_identities(text));
  if (identities.empty()) return fail(Errc::invalid, "{} holds no identity", path.string());
  return secrets::recipient_of(identities.front());
}

// We must be among those who can open it.
Result<> join_recipients(const Path& file, const secrets::Recipient& ours, Made& made) {
  const auto text = read_file(file, 1U << 20U);
  if (!text && text.error().code() != Errc::not_found) return fail(text.error());
  std::string lines = text ? *text : "# Whom the stores in this folder are encrypted for.\n";
  const auto known = secrets::parse_recipients(lines);
  if (!known) return fail(known.error().within(file.string()));
  for (const secrets::Recipient& one : *known)
    if (one == ours) return {};
  if (!lines.ends_with('\n')) lines += '\n';
  lines += secrets::to_text(ours) + "\n";
  made.files.push_back(file.string());
  return write_file_atomic(file, lines, 0644);
}

// Git must not see values; the encrypted file is meant to be seen.
Result<> write_gitignore(const secrets::Place& place, Made& made) {
  const Path folder = place.is_encrypted() ? place.store.parent_path() : place.store;
  const Path file = folder / ".gitignore";
  std::error_code error;
  if (std::filesystem::exists(file, error)) return {};
  made.files.push_back(file.string());
  return write_file_atomic(file, place.is_encrypted() ? "*.lock\n*.journal\n*.tmp\n" : "*\n", 0644);
}

Result<> make_store(const Path& store, const Environment& environment, Made& made) {
  const secrets::Place place = secrets::place_of(store);
  if (place.is_encrypted()) {
    TRY(ours, own_recipient(environment, made));
    made.recipient = secrets::to_text(ours);
    std::error_code error;
    std::filesystem::create_directories(store.parent_path(), error);
    if (auto joined = join_recipients(place.recipients(), ours, made); !joined) return joined;
  }
  auto created = secrets::Editor::create(place.store, environment);
  if (created) made.files.push_back(place.store.string());
  if (!created && created.error().code() != Errc::conflict) return created;
  return write_gitignore(place, made);
}

void print_made(Context& context, const StorePlace& place, const Made& made, bool is_named) {
  for (const std::string& file : made.files) context.out.print("made {}\n", file);
  if (made.files.empty()) context.out.print("{} is there already\n", place.shown());
  if (!made.recipient.empty()) context.out.print("you are {}\n", made.recipient);
  if (!is_named)
    context.out.print("\nname it in {}:\n\n  [environments.{}]\n  secrets = \"{}\"\n",
                      place.workspace.stack_file.filename().string(), place.environment,
                      place.shown());
}

}  // namespace

Exit secret_init(Context& context, Args& args) {
  bool plain = false;
  args.about(
      "Makes the store that the environment names, or secrets/<environment>.age beside the stack\n"
      "file; for an encrypted one also an identity of yours (~/.config/exai/identity.txt, or\n"
      "EXAI_IDENTITY_FILE) and recipients.txt, which says whom the store is encrypted for: add\n"
      "the public keys (age1…) of others, and set a value anew for them to be let in.\n"
      "Keep a copy of the identity: without it nobody opens the store.\n\n"
      "  exai secret init --env prod\n"
      "  exai secret init --plain        a folder of private files instead");
  args.flag("--plain", plain, "not encrypted: one private file for each secret");
  args.json();
  if (const auto done = args.parse(context)) return *done;
  auto place = find_store(context);
  if (!place) return Exit::bad_input;
  const bool is_named = !place->store.empty();
  if (!is_named)
    place->store = place->workspace.stack_file.parent_path() / "secrets" /
                   (place->environment + (plain ? "" : ".age"));
  Made made;
  if (const auto done = make_store(place->store, context.environment, made); !done)
    return complain(context, Exit::not_ok, done.error().message());
  if (!context.json) {
    print_made(context, *place, made, is_named);
    return Exit::ok;
  }
  json::array files;
  for (const std::string& file : made.files) files.emplace_back(file);
  context.out.print_json(json::object{{"store", place->store.string()},
                                      {"named", is_named},
                                      {"recipient", made.recipient},
                                      {"made", std::move(files)}});
  return Exit::ok;
}

}  // namespace exai::cli

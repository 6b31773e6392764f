#pragma once
// The two forms a store has, chosen by its path, and where what belongs to it lies:
//
//   secrets/prod.age       one age file of a JSON object      secrets/      a folder, 0700
//     recipients.txt       whom it is encrypted for              NAME         0600, the value
//     prod.toml            metadata                              .meta.toml
//     prod.age.lock        held while it is changed              .lock
//     prod.age.journal     a change that is not complete         .journal
//   { ".key": "…", "NAME": "value", "NAME.prev": "…" }           .key, NAME.prev
//
// NAME.prev is the value before a rotation; ".key" is the key of the marks in the metadata. A store
// that somebody wrote with `age` needs neither. A newline at the end of a file NAME is not part of
// the value.
//
// Files are opened without following links, and refused unless they are ours alone. An age file is
// replaced as a whole; of a folder, each file is, in an order that never loses a value.
//
// Errors: not_found; denied, with the chmod to type, or when no identity fits; invalid.

#include <map>
#include <string>

#include "core/base/os.hpp"
#include "core/base/secret.hpp"

namespace exai::secrets {

using Values = std::map<std::string, Secret, std::less<>>;

struct Content {
  Values current;
  Values previous;
  Secret key;  // empty: nobody has made one yet
};

struct Place {
  Path store;

  bool is_encrypted() const { return store.extension() == ".age"; }
  Path recipients() const { return store.parent_path() / "recipients.txt"; }
  Path metadata() const;
  Path lock() const { return beside(".lock"); }
  Path journal() const { return beside(".journal"); }
  std::string name() const { return store.filename().string(); }

 private:
  Path beside(std::string_view ending) const;
};

// "secrets/" and "secrets" are the same folder.
Place place_of(const Path& store);

// $EXAI_IDENTITY_FILE, else ~/.config/exai/identity.txt.
Result<Path> identity_path(const Environment& environment);

bool is_secret_name(std::string_view name);  // of an environment variable
// Errors: invalid: empty, over 64 KiB, not UTF-8, a NUL.
Result<> check_value(const Secret& value);

Result<Content> read_content(const Place& place, const Environment& environment);
Result<> write_content(const Place& place, const Content& before, const Content& after);

}  // namespace exai::secrets

#pragma once
// The store of an environment's secrets: read by everybody who starts or checks a stack, changed by
// `exai secret`. Its forms and files are in content.hpp.
//
// A change is: lock, journal (the metadata to come), values, metadata, journal removed. Whoever
// opens the store for a change after one that was interrupted completes it first: the values are
// the truth, and of what is known about each, in the journal and before, that is right whose mark
// is the value's. So a crash loses nothing at any moment.
//
//   set      NAME = value
//   rotate   NAME = value, the one before is kept as the previous one …
//   finish   … and goes
//
// A second rotation before the first is finished is a conflict: somebody may still use the value
// that would be lost.

#include <optional>

#include "core/secrets/content.hpp"
#include "core/secrets/metadata.hpp"

namespace exai::secrets {

// The current values. Errors: those of content.hpp.
Result<Values> read_values(const Path& store, const Environment& environment);
// No store, or none that says: empty. Needs no identity.
Result<Metadata> read_metadata(const Path& store);

// What systemd's LoadCredential= gave us: the files of a folder whose name is one of a variable.
// Its modes are systemd's business; links are not followed.
Result<Values> read_credentials(const Path& folder);

class Editor final {
 public:
  // Makes no store: create() does. Errors: conflict, while another one changes it; those of
  // reading.
  static Result<Editor> open(const Path& store, const Environment& environment);
  // An empty store. Errors: conflict, when there is one.
  static Result<> create(const Path& store, const Environment& environment);

  const Content& content() const { return content_; }
  const Metadata& metadata() const { return metadata_; }

  struct Change {
    std::string name;
    Secret value;
    std::optional<WallTime> expires = {};
  };
  // All or none of an age file. Errors: invalid, for a name or a value.
  Result<> set(const std::vector<Change>& changes, WallTime now);
  Result<> rotate(const Change& change, WallTime now);  // not_found; conflict
  Result<> finish(const std::string& name);
  Result<> remove(const std::string& name);  // not_found

 private:
  Editor(Place place, LockFile lock) : place_(std::move(place)), lock_(std::move(lock)) {}
  Result<> load(const Environment& environment);
  Result<> recover();
  Result<> commit(Content after, Metadata facts);

  Place place_;
  LockFile lock_;
  Content content_;
  Metadata metadata_;
};

}  // namespace exai::secrets

#pragma once
// An environment file as people lay it out: sections under headings, a block of comments above a
// name, and names that stand there commented out.
//
//   # ---- database ----            a heading: also "# === database ===", "### database ###"
//
//   # Where it listens.             the block of DB_PORT: comments right above it
//   DB_PORT=5432
//   #DB_NAME=shop                   commented out: optional, as examples write it
//
// Pure; linear in the text.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/dotenv.hpp"

namespace exai::config {

struct EnvLine {
  enum class Kind {
    blank,
    comment,
    heading,
    commented_out,
    statement,
    inside,  // of a quoted value that began above, or of text that could not be read
  };
  Kind kind = Kind::blank;
  std::size_t begin = 0;
  std::size_t end = 0;                 // without its line end
  std::size_t next = 0;                // where the next line begins
  std::string word;                    // the heading's title; the name that is commented out
  const DotenvEntry* entry = nullptr;  // the first statement of the line
};

// `entries` are those of the text, and must outlive the lines.
std::vector<EnvLine> env_lines(std::string_view text, const std::vector<DotenvEntry>& entries);

// Where a name stands, the first time; lines count from 0.
struct EnvPlace {
  std::string key;
  std::string section;     // "": above all headings
  std::size_t block = 0;   // the first line of its comments, or its own
  std::size_t line = 0;    // its own
  std::size_t behind = 0;  // the line behind it
  bool commented_out = false;
  const DotenvEntry* entry = nullptr;
};
std::vector<EnvPlace> env_places(const std::vector<EnvLine>& lines);

// One name that a file lacks, put where its neighbours of the reference stand.
struct EnvInsertion {
  std::string key;
  std::size_t offset = 0;  // in the file's text
  std::string text;        // whole lines: the block of comments and the statement
  std::string value;       // what it then has
  const DotenvEntry* reference = nullptr;
};

// What `file` lacks of the names that the reference sets, in the order of the reference. The value
// is that of the reference; of a secret, none. Names that the file has commented out are not
// lacking. Insertions at one place are in the order in which they are to stand there.
struct EnvText {
  std::string_view text;
  const std::vector<DotenvEntry>& entries;
};
std::vector<EnvInsertion> missing_names(const EnvText& reference, const EnvText& file,
                                        const std::function<bool(std::string_view)>& is_secret);

// The file with the insertions made.
std::string with_insertions(std::string_view text, const std::vector<EnvInsertion>& insertions);

// ".env" for ".env.example", "app.env" for "app.env.sample"; nothing for other names.
std::optional<std::string> live_name(std::string_view example);

}  // namespace exai::config

#pragma once
// Environment files as the `exai env` commands take them: read in the order given, by the grammar
// of Docker Compose. References are looked up in the environment of this process, then in the
// file's own earlier lines, then in the files before it.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/context.hpp"
#include "core/config/dotenv.hpp"

namespace exai::cli {

struct EnvFile {
  std::string name;          // as it was given
  config::SourcePtr source;  // hides the values of secrets
  config::Dotenv parsed;
};

// The option table's word, or else how the name sounds.
bool is_confidential(std::string_view name);

// What stands for a hidden value.
inline constexpr const char* kHidden = "********";

// From here on no output shows the value, in whatever part of it another reader would see.
void hide_value(Context& context, std::string_view name, std::string_view value);

// The values of secrets in them are hidden in all output from then on. Nothing: a file cannot be
// read; the reason was printed, exit with bad_input.
std::optional<std::vector<EnvFile>> read_env_files(Context& context,
                                                   const std::vector<std::string>& names);

// One text by itself.
EnvFile parse_env_file(const Context& context, std::string name, std::string text);

// Prints what the grammar has to say about them, on stderr. Returns: whether Compose takes them
// all.
bool report_env_files(Context& context, const std::vector<EnvFile>& files);

// One variable as Compose would have it in the end.
struct EnvValue {
  std::string name;
  std::string value;
  std::string file;
  std::uint32_t line = 0;
};
// In the order in which the names come first; the last value of each. Names that are inherited and
// have no value are absent.
std::vector<EnvValue> env_values(const std::vector<EnvFile>& files);

// An environment file and the example it is compared with.
struct EnvPair {
  EnvFile example;
  EnvFile file;
};

// The given files with the example named, or else with FILE.example or the .env.example beside
// them. Without files: all of this folder that have an example. Nothing: there is none, or one of
// them cannot be read or is refused; the reason was printed, exit with bad_input.
std::optional<std::vector<EnvPair>> read_env_pairs(Context& context,
                                                   const std::vector<std::string>& given,
                                                   const std::string& example);

}  // namespace exai::cli

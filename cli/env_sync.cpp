// exai env sync: what an environment file lacks of its example, put beside its neighbours.
#include "cli/args.hpp"
#include "cli/env_files.hpp"
#include "cli/unified_diff.hpp"
#include "core/base/rewrite.hpp"
#include "core/base/text.hpp"
#include "core/config/env_layout.hpp"

namespace exai::cli {

Exit env_sync(Context& context, Args& args);

namespace {

std::vector<config::EnvInsertion> missing_in(const EnvPair& pair) {
  return config::missing_names({pair.example.source->text, pair.example.parsed.entries},
                               {pair.file.source->text, pair.file.parsed.entries}, is_confidential);
}

Exit sync(Context& context, const EnvPair& pair, bool dry) {
  const auto missing = missing_in(pair);
  const std::string& before = pair.file.source->text;
  if (missing.empty()) {
    context.out.print("{} lacks nothing of {}\n", pair.file.name, pair.example.name);
    return Exit::ok;
  }
  const std::string after = config::with_insertions(before, missing);
  if (dry) {
    const EnvFile completed = parse_env_file(context, pair.file.name, after);
    context.out.write(unified_diff(*pair.file.source, *completed.source));
    return Exit::ok;
  }
  const auto backup = rewrite_file(pair.file.name, before, after);
  if (!backup) return complain(context, Exit::not_ok, backup.error().message());
  std::vector<std::string> names;
  std::vector<std::string> to_fill;
  for (const config::EnvInsertion& one : missing) {
    names.push_back(one.key);
    if (one.value.empty()) to_fill.push_back(one.key);
  }
  context.out.print("{}: added {} ({} is as it was)\n", pair.file.name, join(names, ", "),
                    backup->filename().string());
  if (!to_fill.empty()) context.out.print("still without a value: {}\n", join(to_fill, ", "));
  return Exit::ok;
}

}  // namespace

Exit env_sync(Context& context, Args& args) {
  std::vector<std::string> names;
  std::string example;
  bool dry = false;
  args.about(
      "Puts what a file lacks of its example beside its neighbours, with the comments that stand\n"
      "above it there. Values are those of the example; secrets get none. Nothing else in the\n"
      "file changes, and what it was is kept as FILE.bak. Without FILE: all files of this\n"
      "folder that have an example.\n\n"
      "  exai env sync --dry-run");
  args.words("FILE", names, "environment files");
  args.text("--example", "FILE", example, "complete from this one");
  args.flag("-n,--dry-run", dry, "print the difference, write nothing");
  if (const auto done = args.parse(context)) return *done;

  const auto pairs = read_env_pairs(context, names, example);
  if (!pairs) return Exit::bad_input;
  Exit exit = Exit::ok;
  for (const EnvPair& pair : *pairs)
    if (const Exit one = sync(context, pair, dry); one != Exit::ok) exit = one;
  return exit;
}

}  // namespace exai::cli

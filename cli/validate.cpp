// exai validate: reads everything that configures the stack, says all that is wrong, and puts right
// what can be put right without a person.
#include <algorithm>

#include "cli/annotations.hpp"
#include "cli/args.hpp"
#include "cli/baseline.hpp"
#include "cli/fixing.hpp"
#include "cli/rule_pages.hpp"
#include "cli/sarif.hpp"
#include "cli/validation.hpp"
#include "core/base/text.hpp"
#include "core/config/lint/rules.hpp"

namespace exai::cli {

Exit validate(Context& context, Args& args);

namespace {

struct Options {
  std::vector<std::string> paths;
  std::string format = "text";
  std::string fail_on = "error";
  std::string fix;  // "", "true" or "suggest"
  bool dry_run = false;
  bool strict = false;
  bool all = false;
  std::string baseline;
  std::string write_baseline;
  bool list_rules = false;
  std::string explain;
};

void declare(Args& args, Options& options) {
  args.about(
      "Reads what configures a stack (the stack file, environment files, Compose files,\n"
      "Dockerfiles, configurations of MCP clients) and reports all that is wrong, each with\n"
      "its place and what to do. A PATH is a folder, a stack file or a Compose file; without\n"
      "one: the nearest stack file, else the Compose file here. Only --fix changes anything.\n\n"
      "Exit codes: 0 nothing; 1 no error, but findings at or above --fail-on; 2 errors, or a\n"
      "command line or file that cannot be read.\n\n"
      "  exai validate --env prod --strict\n"
      "  exai validate --fix                        safe fixes; the old file stays as FILE.bak\n"
      "  exai validate --format sarif >exai.sarif   for code scanning\n"
      "  exai validate --explain ENV004\n\n"
      "A comment # exai:allow CODE reason, on a line or alone above it, keeps a finding quiet.");
  args.words("PATH", options.paths, "what to validate");
  args.one_of("--format", "FORMAT", options.format, {"text", "json", "sarif", "github", "markdown"},
              "text, json, sarif (2.1.0) or github (annotations)");
  args.json();
  args.one_of("--fail-on", "SEVERITY", options.fail_on, {"error", "warning", "info"},
              "exit 1 also for warnings, or for infos (default: error)");
  args.flag("--strict", options.strict, "warnings are errors, in every environment");
  args.flag("--all", options.all, "also what only follows from another finding");
  args.flag_or_word("--fix", options.fix,
                    "do the safe fixes; --fix=suggest shows all fixes as a diff");
  args.flag("--dry-run", options.dry_run, "with --fix: show the diff, write nothing");
  args.text("--baseline", "FILE", options.baseline, "ignore the findings that the file lists");
  args.text("--write-baseline", "FILE", options.write_baseline, "list the findings in the file");
  args.text("--explain", "CODE", options.explain, "print what a rule is about");
  args.flag("--list-rules", options.list_rules, "print all rules");
}

Exit list_rules(Context& context, const Options& options) {
  if (options.format == "json")
    context.out.print_json(rules_json());
  else if (options.format == "markdown")
    context.out.write(rules_markdown());
  else
    context.out.write(rule_table(context.out));
  return Exit::ok;
}

Exit explain(Context& context, const Options& options) {
  const config::Rule* rule = config::find_rule(options.explain);
  if (rule == nullptr) {
    std::vector<std::string> known;
    for (const config::Rule& one : config::rules()) known.emplace_back(one.code);
    return complain(context, Exit::bad_input, unknown_word("rule", options.explain, known));
  }
  if (options.format == "json")
    context.out.print_json(rule_json(*rule));
  else
    context.out.write(rule_page(*rule));
  return Exit::ok;
}

struct Target {
  Path path;
  std::string label;
};

bool has_compose_file(const Path& folder) {
  for (const char* name :
       {"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"})
    if (std::filesystem::exists(folder / name)) return true;
  return false;
}

// Nothing: there is nothing to validate; the reason was printed.
std::optional<std::vector<Target>> targets_of(Context& context, const Options& options) {
  std::vector<Target> targets;
  for (const std::string& path : options.paths) targets.push_back({path, path});
  if (!targets.empty()) return targets;
  const bool named = context.file || context.environment.contains("EXAI_FILE");
  const auto workspace = find_workspace(context.file, context.environment);
  if (workspace) return {{{workspace->stack_file, workspace->stack_file.filename().string()}}};
  std::error_code error;
  const Path here = std::filesystem::current_path(error);
  if (!named && !error && has_compose_file(here)) return {{{here, here.filename().string()}}};
  complain(context, Exit::bad_input, workspace.error().message());
  return std::nullopt;
}

FixMode fix_mode(const Options& options) {
  if (options.fix.empty()) return FixMode::no;
  if (options.fix == "suggest") return FixMode::show_all;
  return options.dry_run ? FixMode::show_safe : FixMode::write;
}

// Nothing: it cannot be read, or a fix not be written; the reason was printed.
std::optional<Validated> validate_one(Context& context, const Options& options,
                                      const Target& target) {
  const auto load = [&](const config::Texts& texts) {
    auto read = load_project(target.path, context.env, context.environment, texts);
    if (read) hide_secrets(context, *read);
    return read;
  };
  auto loaded = load({});
  if (!loaded) {
    complain(context, Exit::bad_input, loaded.error().message());
    return std::nullopt;
  }
  const config::Reload reload = [&](const config::Texts& texts) {
    auto again = load(texts);
    return again ? *std::move(again) : config::Loaded{};
  };
  const auto written = carry_out_fixes(context, fix_mode(options), *loaded, reload);
  if (!written) return std::nullopt;
  if (*written) loaded = load({});
  if (!loaded) {
    complain(context, Exit::bad_input, loaded.error().message());
    return std::nullopt;
  }
  Validated one{target.label, *std::move(loaded)};
  if (options.strict) config::make_strict(one.loaded.diagnostics);
  return one;
}

Exit write_baseline(Context& context, const Options& options, const std::vector<Validated>& all) {
  std::vector<const config::Diagnostics*> findings;
  for (const Validated& one : all) findings.push_back(&one.loaded.diagnostics);
  const json::object baseline = baseline_json(findings);
  if (auto written = write_file_atomic(options.write_baseline, to_pretty_text(baseline)); !written)
    return complain(context, Exit::bad_input, written.error().message());
  context.talk().print("{} written to {}\n",
                       count_of(find_array(baseline, "findings")->size(), "finding"),
                       options.write_baseline);
  return Exit::ok;
}

// False: the baseline cannot be read; the reason was printed.
bool apply_baseline(Context& context, const Options& options, std::vector<Validated>& all) {
  if (options.baseline.empty()) return true;
  const auto text = read_file(options.baseline);
  const auto baseline = text ? parse_baseline(*text) : fail(text.error());
  if (!baseline) {
    const Error error = text ? baseline.error().within(options.baseline) : baseline.error();
    complain(context, Exit::bad_input, error.message());
    return false;
  }
  for (Validated& one : all) one.ignored = ignore_known(*baseline, one.loaded.diagnostics);
  return true;
}

void print_text(Context& context, const Options& options, const std::vector<Validated>& all) {
  const auto telling = options.all ? Telling::everything : Telling::stories;
  for (const Validated& one : all) {
    context.out.write(
        findings_text(one.loaded.diagnostics, telling, diagnostic_colours(context.out)));
    context.out.write(validation_summary(one));
  }
}

void print(Context& context, const Options& options, const std::vector<Validated>& all) {
  std::error_code error;
  const Path here = std::filesystem::current_path(error);
  if (options.format == "json")
    context.out.print_json(validation_json(all));
  else if (options.format == "sarif")
    context.out.print_json(sarif(all, here));
  else if (options.format == "github")
    context.out.write(annotations(all, here));
  else
    print_text(context, options, all);
}

config::Severity severity_of(const std::string& name) {
  if (name == "info") return config::Severity::info;
  return name == "warning" ? config::Severity::warning : config::Severity::error;
}

std::optional<Exit> misuse(Context& context, Args& args, const Options& options) {
  if (!options.fix.empty() && options.fix != "true" && options.fix != "suggest")
    return args.misuse(context, "--fix stands alone or is --fix=suggest");
  if (options.dry_run && options.fix.empty())
    return args.misuse(context, "--dry-run says how to --fix; give both");
  if (options.format == "markdown" && !options.list_rules)
    return args.misuse(context, "--format markdown is for --list-rules");
  return std::nullopt;
}

}  // namespace

Exit validate(Context& context, Args& args) {
  Options options;
  declare(args, options);
  if (const auto done = args.parse(context)) return *done;
  if (const auto wrong = misuse(context, args, options)) return *wrong;
  if (context.json) options.format = "json";
  context.json = options.format != "text";  // from here on: stdout is for one document
  if (options.list_rules) return list_rules(context, options);
  if (!options.explain.empty()) return explain(context, options);

  const auto targets = targets_of(context, options);
  if (!targets) return Exit::bad_input;
  std::vector<Validated> all;
  for (const Target& target : *targets) {
    auto one = validate_one(context, options, target);
    if (!one) return Exit::bad_input;
    all.push_back(*std::move(one));
  }
  if (!options.write_baseline.empty()) return write_baseline(context, options, all);
  if (!apply_baseline(context, options, all)) return Exit::bad_input;
  print(context, options, all);
  return static_cast<Exit>(verdict(all, severity_of(options.fail_on)));
}

}  // namespace exai::cli

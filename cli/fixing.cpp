#include "cli/fixing.hpp"

#include <set>

#include "cli/unified_diff.hpp"
#include "core/base/rewrite.hpp"
#include "core/base/text.hpp"

namespace exai::cli {

namespace {

// The codes of the fixes in one file: "ENV011, ENV012".
std::string codes_for(const config::Fixed& fixed, const config::Path& path) {
  std::set<std::string> codes;
  for (const config::Diagnostic& finding : fixed.applied) {
    for (const config::Edit& edit : finding.fix->edits)
      if (edit.source->path == path) codes.insert(finding.code);
    if (finding.fix->edits.empty() && finding.fix->path == path) codes.insert(finding.code);
  }
  const std::vector<std::string> list(codes.begin(), codes.end());
  return join(list, ", ");
}

void tell_refused(Context& context, const config::Fixed& fixed) {
  for (const config::RefusedFix& one : fixed.refused) {
    const config::Span& span = one.finding.span;
    const std::string place =
        span ? fmt::format("{}:{}:{}: ", span.source->name, span.begin.line, span.begin.column)
             : "";
    context.talk().print("not fixed: {}{}: {}\n", place, one.finding.code, one.why);
  }
}

void show(Context& context, const config::Fixed& fixed) {
  for (const config::FixedFile& file : fixed.files)
    context.talk().write(unified_diff(*file.before, *file.after));
  for (const auto& [path, mode] : fixed.modes)
    context.talk().print("chmod {:o} {}\n", mode, path.string());
  if (fixed.files.empty() && fixed.modes.empty()) context.talk().write("nothing to fix\n");
}

Result<> write(Context& context, const config::Fixed& fixed) {
  for (const config::FixedFile& file : fixed.files) {
    TRY(backup, rewrite_file(file.before->path, file.before->text, file.after->text));
    context.talk().print("fixed {}: {}; as it was: {}\n", file.before->name,
                         codes_for(fixed, file.before->path), backup.filename().string());
  }
  for (const auto& [path, mode] : fixed.modes) {
    if (auto done = restrict_mode(path, mode); !done) return done;
    context.talk().print("fixed {}: {}; its mode is {:o} now\n", path.filename().string(),
                         codes_for(fixed, path), mode);
  }
  return {};
}

}  // namespace

std::optional<bool> carry_out_fixes(Context& context, FixMode mode, const config::Loaded& loaded,
                                    const config::Reload& reload) {
  if (mode == FixMode::no) return false;
  const auto scope = mode == FixMode::show_all ? config::FixScope::all : config::FixScope::safe;
  const config::Fixed fixed = apply_fixes(loaded, scope, reload);
  tell_refused(context, fixed);
  if (mode != FixMode::write) {
    show(context, fixed);
    return false;
  }
  if (auto written = write(context, fixed); !written) {
    complain(context, Exit::bad_input, written.error().message());
    return std::nullopt;
  }
  return !fixed.files.empty() || !fixed.modes.empty();
}

}  // namespace exai::cli

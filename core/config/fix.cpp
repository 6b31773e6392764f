#include "core/config/fix.hpp"

#include <algorithm>
#include <set>

#include "core/base/text.hpp"
#include "core/config/lint/lint.hpp"

namespace exai::config {

namespace {

constexpr std::size_t kMostRounds = 10;

bool is_wanted(const Diagnostic& finding, FixScope scope) {
  if (!finding.fix) return false;
  const Rule* rule = find_rule(finding.code);
  return scope == FixScope::all || (rule != nullptr && rule->fixing == Fixing::safe);
}

auto place_of(const Edit& edit) {
  return std::tuple(edit.source->path, edit.begin, edit.end);
}

// An insertion at the edge of another edit counts as touching: nobody says which comes first.
bool touch(const Edit& a, const Edit& b) {
  if (a.source->path != b.source->path) return false;
  const bool insertion = a.begin == a.end || b.begin == b.end;
  return insertion ? a.begin <= b.end && b.begin <= a.end : a.begin < b.end && b.begin < a.end;
}

std::string with_edits(const std::string& text, std::vector<const Edit*> edits) {
  std::sort(edits.begin(), edits.end(),
            [](const Edit* a, const Edit* b) { return a->begin < b->begin; });
  std::string result;
  std::size_t done = 0;
  for (const Edit* edit : edits) {
    result.append(text, done, edit->begin - done);
    result += edit->text;
    done = edit->end;
  }
  return result.append(text, done);
}

// A fix with edits of this round, and what is asked of it before anything is read again.
std::optional<std::string> misfit(const Fix& fix) {
  for (std::size_t i = 0; i < fix.edits.size(); ++i) {
    const Edit& edit = fix.edits[i];
    if (edit.source == nullptr || edit.source->path.empty()) return "its text is in no file";
    if (edit.begin > edit.end || edit.end > edit.source->text.size())
      return "its place is outside of the file";
    for (std::size_t j = i + 1; j < fix.edits.size(); ++j)
      if (touch(edit, fix.edits[j])) return "its edits overlap";
  }
  return std::nullopt;
}

// One pass over what the rules say now.
class Round {
 public:
  Round(const Loaded& loaded, FixScope scope, const std::set<std::string>& given_up) {
    for (const Diagnostic& finding : loaded.diagnostics) {
      if (!is_wanted(finding, scope) || finding.fix->edits.empty()) continue;
      if (given_up.contains(finding.code)) {
        refused.push_back({finding, "it never comes to an end"});
      } else if (auto why = misfit(*finding.fix)) {
        refused.push_back({finding, *std::move(why)});
      } else {
        candidates_.push_back(&finding);
      }
    }
    std::stable_sort(candidates_.begin(), candidates_.end(), [](const auto* a, const auto* b) {
      return place_of(a->fix->edits.front()) < place_of(b->fix->edits.front());
    });
  }

  void run() {
    drop_overlapping();
    if (candidates_.empty()) return;
    if (!promise_broken_by(candidates_)) {
      applied = candidates_;
      return;
    }
    for (const Diagnostic* one : candidates_) {  // one of them, then: find out which
      applied.push_back(one);
      if (auto why = promise_broken_by(applied)) {
        applied.pop_back();
        refused.push_back({*one, *std::move(why)});
      }
    }
  }

  // The files as they are with the fixes in `some`.
  Texts texts_with(const std::vector<const Diagnostic*>& some) const {
    std::map<Path, std::vector<const Edit*>> edits;
    for (const Diagnostic* one : some)
      for (const Edit& edit : one->fix->edits) edits[edit.source->path].push_back(&edit);
    Texts texts;
    for (const auto& [path, of_file] : edits)
      texts[path] = with_edits(of_file.front()->source->text, of_file);
    return texts;
  }

  std::vector<const Diagnostic*> applied;
  std::vector<RefusedFix> refused;

 private:
  void drop_overlapping() {
    std::vector<const Diagnostic*> kept;
    const auto is_free = [&](const Diagnostic* one) {
      for (const Diagnostic* other : kept)
        for (const Edit& theirs : other->fix->edits)
          for (const Edit& ours : one->fix->edits)
            if (touch(ours, theirs)) return false;
      return true;
    };
    for (const Diagnostic* one : candidates_)
      if (is_free(one)) kept.push_back(one);
    candidates_ = std::move(kept);
  }

  const std::optional<Meaning>& before(const SourcePtr& source) {
    const auto [found, is_new] = before_.try_emplace(source->path);
    if (is_new) found->second = meaning_of(source);
    return found->second;
  }

  std::optional<std::string> promise_broken_by(const std::vector<const Diagnostic*>& some) {
    std::map<Path, SourcePtr> sources;
    std::map<Path, std::vector<Change>> changes;
    for (const Diagnostic* one : some)
      for (const Edit& edit : one->fix->edits) {
        sources.emplace(edit.source->path, edit.source);
        std::vector<Change>& of_file = changes[edit.source->path];
        of_file.insert(of_file.end(), one->fix->changes.begin(), one->fix->changes.end());
      }
    for (auto& [path, text] : texts_with(some)) {
      const SourcePtr& source = sources.at(path);
      const auto after =
          meaning_of(std::make_shared<const Source>(Source{source->name, text, path}));
      if (!before(source)) return "the file cannot be read";
      if (!after) return "the file could not be read any more";
      if (auto broken = broken_promise(*before(source), *after, changes[path])) return broken;
    }
    return std::nullopt;
  }

  std::vector<const Diagnostic*> candidates_;
  std::map<Path, std::optional<Meaning>> before_;
};

SourcePtr source_at(const Loaded& loaded, const Path& path) {
  const auto found = std::find_if(loaded.sources.begin(), loaded.sources.end(),
                                  [&](const SourcePtr& source) { return source->path == path; });
  return found == loaded.sources.end() ? nullptr : *found;
}

void take_modes(const Loaded& loaded, FixScope scope, Fixed& fixed) {
  for (const Diagnostic& finding : loaded.diagnostics)
    if (is_wanted(finding, scope) && finding.fix->path && finding.fix->edits.empty())
      if (fixed.modes.emplace(*finding.fix->path, finding.fix->mode).second)
        fixed.applied.push_back(finding);
}

// Runs to the end. Returns: the codes of fixes that were still proposed when patience ran out.
std::set<std::string> run_rounds(const Loaded& first, FixScope scope, const Reload& reload,
                                 const std::set<std::string>& given_up, Fixed& fixed) {
  Texts texts;
  std::map<Path, SourcePtr> before;
  Loaded loaded = first;
  std::set<std::string> unsettled;
  for (std::size_t round_number = 0; round_number < kMostRounds; ++round_number) {
    Round round(loaded, scope, given_up);
    round.run();
    fixed.refused = round.refused;
    unsettled.clear();
    if (round.applied.empty()) break;
    for (const Diagnostic* one : round.applied) {
      fixed.applied.push_back(*one);
      unsettled.insert(one->code);
      for (const Edit& edit : one->fix->edits) before.emplace(edit.source->path, edit.source);
    }
    for (auto& [path, text] : round.texts_with(round.applied)) texts[path] = std::move(text);
    loaded = reload(texts);
  }
  for (const auto& [path, text] : texts) {
    SourcePtr after = source_at(loaded, path);
    // Not read as it was before: then nobody knows what is secret in it, and all of it is hidden.
    if (after == nullptr)
      after = std::make_shared<const Source>(
          Source{before[path]->name, text, path, {{0, text.size()}}});
    if (before[path]->text != text) fixed.files.push_back({before[path], std::move(after)});
  }
  return unsettled;
}

}  // namespace

Fixed apply_fixes(const Loaded& loaded, FixScope scope, const Reload& reload) {
  std::set<std::string> given_up;
  for (;;) {
    Fixed fixed;
    take_modes(loaded, scope, fixed);
    const std::set<std::string> unsettled = run_rounds(loaded, scope, reload, given_up, fixed);
    if (unsettled.empty()) return fixed;
    given_up.insert(unsettled.begin(), unsettled.end());  // again without them
  }
}

}  // namespace exai::config

#include "core/config/compose_interpolate.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "core/base/text.hpp"
#include "core/config/places.hpp"

namespace exai::config {

namespace {

class TreeExpander {
 public:
  TreeExpander(SourcePtr source, const ComposeEnvironment& environment,
               std::vector<ComposeReference>& references, Diagnostics& diagnostics)
      : source_(std::move(source)),
        places_(source_),
        environment_(environment),
        lookup_(environment.lookup()),
        references_(references),
        diagnostics_(diagnostics) {}

  bool complete() const { return complete_; }

  void walk(Node& node) {
    if (auto* list = std::get_if<Node::List>(&node.value))
      for (Node& item : *list) walk(item);
    if (auto* table = std::get_if<Node::Table>(&node.value))
      for (Member& member : *table) walk(member.value);
    if (const std::string* text = node.string())
      if (text->find('$') != std::string::npos) replace(node, *text);
  }

 private:
  void replace(Node& node, const std::string& text) {
    Interpolated expanded = expand(text, lookup_);
    const Dollars dollars(*this, node.span, text);
    for (const TextReference& reference : expanded.references)
      note(reference, dollars.span(reference.begin, reference.end));
    for (const UnsetReference& unset : expanded.unset)
      report(unset.name, dollars.span(unset.begin, unset.end),
             fmt::format("{} is not set", unset.name),
             fmt::format("set it in .env or in the environment; write ${{{}:-}} if it may be "
                         "empty, or $$ if a dollar is meant",
                         unset.name));
    if (expanded.fault) {
      fault(*expanded.fault, dollars.span(expanded.fault->begin, expanded.fault->end));
      node.value = std::monostate();
      complete_ = false;
    } else {
      node.value = std::move(expanded.text);
    }
  }

  // A text and the place it is written at have their dollars in common, whatever else of it is
  // escaped or folded.
  class Dollars {
   public:
    Dollars(TreeExpander& owner, const Span& whole, std::string_view text)
        : owner_(owner), whole_(whole) {
      if (whole.source != owner.source_) return;
      begin_ = owner.places_.offset(whole.begin);
      end_ = std::max(begin_, owner.places_.offset(whole.end));
      read_ = dollars_in(text);
      written_ = dollars_in(std::string_view(whole.source->text).substr(begin_, end_ - begin_));
    }

    Span span(std::size_t begin, std::size_t end) const {
      const auto before = std::lower_bound(read_.begin(), read_.end(), begin) - read_.begin();
      const auto index = static_cast<std::size_t>(before);
      if (index >= written_.size()) return whole_;
      const std::size_t at = begin_ + written_[index];
      return owner_.places_.span(at, std::min(at + (end - begin), end_));
    }

   private:
    static std::vector<std::size_t> dollars_in(std::string_view text) {
      std::vector<std::size_t> found;
      for (std::size_t at = text.find('$'); at != text.npos; at = text.find('$', at + 1))
        found.push_back(at);
      return found;
    }

    TreeExpander& owner_;
    Span whole_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::vector<std::size_t> read_;     // of the text
    std::vector<std::size_t> written_;  // from begin_ on
  };

  void note(const TextReference& reference, const Span& span) {
    if (!noted_.insert(span.begin).second) return;  // seen through an alias
    ComposeReference noted;
    noted.name = reference.name;
    noted.action = reference.action;
    noted.nested = reference.nested;
    noted.used = reference.used;
    noted.value = reference.value;
    noted.span = span;
    if (const auto found = environment_.find(reference.name)) {
      noted.from = found->from;
      noted.defined_at = found->defined_at;
    }
    references_.push_back(std::move(noted));
  }

  void fault(const InterpolationFault& fault, const Span& span) {
    const bool required = fault.kind == InterpolationFault::Kind::required;
    report("", span, fault.message,
           required ? "set it in .env or in the environment" : "a plain dollar is written $$");
  }

  void report(const std::string& name, const Span& span, std::string message, std::string help) {
    if (diagnostics_.size() >= kMostDiagnostics) return;
    Diagnostic one = problem("CMP004", span, std::move(message), std::move(help));
    one.subject = name;
    diagnostics_.push_back(std::move(one));
  }

  static constexpr std::size_t kMostDiagnostics = 500;

  SourcePtr source_;
  Places places_;
  const ComposeEnvironment& environment_;
  Lookup lookup_;
  std::vector<ComposeReference>& references_;
  Diagnostics& diagnostics_;
  std::set<Position> noted_;
  bool complete_ = true;
};

}  // namespace

std::optional<ComposeEnvironment::Found> ComposeEnvironment::find(std::string_view name) const {
  if (process != nullptr)
    if (const auto found = process->find(std::string(name)); found != process->end())
      return Found{found->second, ComposeReference::From::shell, {}};
  if (const auto found = files.find(name); found != files.end()) return found->second;
  if (name != "COMPOSE_PROJECT_NAME" || project.empty()) return std::nullopt;
  return Found{project, ComposeReference::From::nothing, {}};
}

Lookup ComposeEnvironment::lookup() const {
  return [this](std::string_view name) -> std::optional<std::string> {
    auto found = find(name);
    if (!found) return std::nullopt;
    return std::move(found->value);
  };
}

bool interpolate_tree(Node& tree, const ComposeEnvironment& environment,
                      std::vector<ComposeReference>& references, Diagnostics& diagnostics) {
  if (!tree.span.source) return true;
  TreeExpander expander(tree.span.source, environment, references, diagnostics);
  expander.walk(tree);
  return expander.complete();
}

}  // namespace exai::config

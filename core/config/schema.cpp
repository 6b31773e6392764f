// The walk: which part of the schema applies to which value, and what is wrong there. A value is
// checked in one of two moods: its faults are collected, or it is only asked whether it fits, which
// ends at the first fault and costs no words.

#include "core/config/schema.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/schema_explain.hpp"
#include "core/config/schema_forms.hpp"
#include "core/config/schema_values.hpp"

namespace exai::config {

namespace {

constexpr std::size_t kMostErrors = 100;  // nobody reads on after that
constexpr int kDeepest = 1000;

class Walker {
 public:
  Walker(const SchemaForms& forms, const SchemaUse& use)
      : forms_(forms), use_(use), explain_(forms, use.notation), steps_(use.steps) {}

  Diagnostics run(const Node& document) && {
    const Place place{document};
    check(0, place);
    Diagnostics result;
    for (Fault& fault : found_) result.push_back(std::move(fault.diagnostic));
    if (exhausted_) result.push_back(explain_.too_much(place));
    return result;
  }

 private:
  struct Fault {
    Diagnostic diagnostic;
    std::size_t depth;  // of the value in the document
  };
  using Faults = std::vector<Fault>;
  // Keys that are missing because they are misspelt; that is said once.
  using Meant = std::vector<std::string>;

  // Notes that something is wrong. Returns: somebody wants to know what.
  bool wrong() {
    faulty_ = true;
    return !asking_ && found_.size() < kMostErrors;
  }

  void add(const Place& place, Diagnostic diagnostic) {
    std::size_t depth = 0;
    for (const Place* at = place.owner; at != nullptr; at = at->owner) ++depth;
    const auto same = [&](const Fault& fault) {
      return fault.diagnostic.span.begin == diagnostic.span.begin &&
             fault.diagnostic.message == diagnostic.message;
    };
    if (std::none_of(found_.begin(), found_.end(), same))
      found_.push_back({std::move(diagnostic), depth});
  }

  bool is_over() const { return exhausted_ || (asking_ ? faulty_ : found_.size() >= kMostErrors); }

  void check(FormIndex index, const Place& place) {
    if (is_over()) return;
    if (steps_ == 0 || depth_ >= kDeepest) {
      exhausted_ = true;
      return;
    }
    const Kinds kind = value_kind(place.node);
    if (kind == kNull && use_.nulls == Nulls::unknown) return;
    --steps_;
    ++depth_;
    check_form(forms_.behind(index), kind, place);
    --depth_;
  }

  // Does the value fit? What is wrong with it is not collected.
  bool fits(FormIndex index, const Place& place) {
    const bool outer_asking = std::exchange(asking_, true);
    const bool outer_faulty = std::exchange(faulty_, false);
    check(index, place);
    asking_ = outer_asking;
    return !std::exchange(faulty_, outer_faulty);
  }

  void check_form(const Form& form, Kinds kind, const Place& place) {
    if ((form.possible & kind) == 0) {
      if (wrong()) add(place, explain_.wrong_kind(place, form, form.possible));
      return;
    }
    if (form.choice && !check_choice(form, place)) return;
    Meant meant;
    if (form.number && (kind & (kWhole | kFraction)) != 0) check_number(form, place);
    if (form.text && kind == kText) check_text(form, place);
    if (form.list && kind == kList) check_list(form, place);
    if (form.table && kind == kTable) meant = check_table(form, place);
    if (form.branches) check_branches(form, place, meant);
  }

  bool check_choice(const Form& form, const Place& place) {
    const auto [only, among] = *form.choice;
    if (only != nullptr && !equals(*only, place.node)) {
      if (wrong()) add(place, explain_.not_the_constant(place, form));
      return false;
    }
    if (among == nullptr || std::any_of(among->begin(), among->end(), [&](const auto& choice) {
          return equals(choice, place.node);
        }))
      return true;
    if (wrong()) add(place, explain_.not_a_choice(place, form));
    return false;
  }

  void check_number(const Form& form, const Place& place) {
    const NumberForm& limits = *form.number;
    const double value = number_of(place.node).value_or(0);
    const bool inside = (!limits.minimum || value >= *limits.minimum) &&
                        (!limits.maximum || value <= *limits.maximum) &&
                        (!limits.above || value > *limits.above) &&
                        (!limits.below || value < *limits.below);
    if (!inside) {
      if (wrong()) add(place, explain_.out_of_range(place, form));
    } else if (limits.multiple_of && !is_multiple(value, *limits.multiple_of)) {
      if (wrong()) add(place, explain_.not_a_multiple(place, form));
    }
  }

  void check_text(const Form& form, const Place& place) {
    const TextForm& limits = *form.text;
    const std::string& text = *place.node.string();
    const std::size_t length = limits.min_length || limits.max_length ? code_points(text) : 0;
    if (length < limits.min_length.value_or(0) ||
        (limits.max_length && length > *limits.max_length)) {
      if (wrong()) add(place, explain_.wrong_length(place, form));
    } else if (limits.format != nullptr) {
      if (!limits.format->accepts(text) && wrong()) add(place, explain_.bad_notation(place, form));
    } else if (limits.regex && !limits.regex->finds(text) && wrong()) {
      add(place, explain_.no_match(place, form));
    }
  }

  void check_list(const Form& form, const Place& place) {
    const ListForm& limits = *form.list;
    const Node::List& list = *place.node.list();
    if (list.size() < limits.min_items.value_or(0) ||
        (limits.max_items && list.size() > *limits.max_items)) {
      if (wrong()) add(place, explain_.wrong_number_of_items(place, form));
    }
    check_items(limits, list, place);
    if (limits.unique) check_unique(list, place);
    if (limits.contains && !contains(*limits.contains, list, place) && wrong())
      add(place, explain_.nothing_contained(place, form));
  }

  void check_items(const ListForm& limits, const Node::List& list, const Place& place) {
    for (std::size_t i = 0; i < list.size() && !is_over(); ++i) {
      const Place item{list[i], &place, nullptr, i};
      if (i < limits.first.size()) {
        check(limits.first[i], item);
      } else if (limits.others && forms_.behind(*limits.others).never) {
        if (wrong()) add(item, explain_.too_many_items(item, limits.first.size()));
        return;
      } else if (limits.others) {
        check(*limits.others, item);
      }
    }
  }

  void check_unique(const Node::List& list, const Place& place) {
    std::map<std::string, const Node*> seen;
    if (list.size() < 2) return;
    for (const Node& item : list) {
      const auto [first, is_new] = seen.emplace(canonical(item), &item);
      if (!is_new && wrong()) add(place, explain_.listed_twice(place, item, *first->second));
    }
  }

  bool contains(FormIndex wanted, const Node::List& list, const Place& place) {
    for (std::size_t i = 0; i < list.size(); ++i)
      if (fits(wanted, {list[i], &place, nullptr, i})) return true;
    return false;
  }

  Meant check_table(const Form& form, const Place& place) {
    const TableForm& limits = *form.table;
    const Node::Table& members = *place.node.table();
    Meant meant;
    for (const Member& member : members) {
      if (is_over()) return meant;
      check_member(form, member, place, meant);
    }
    if (members.size() < limits.min_properties.value_or(0) ||
        (limits.max_properties && members.size() > *limits.max_properties)) {
      if (wrong()) add(place, explain_.wrong_number_of_keys(place, form));
    }
    check_required(form, place, meant);
    for (const TableForm::Dependency& one : limits.dependencies) check_dependency(one, place);
    return meant;
  }

  void check_member(const Form& form, const Member& member, const Place& table, Meant& meant) {
    const TableForm& limits = *form.table;
    const Place below{member.value, &table, &member};
    if (limits.names && !is_named_well(*limits.names, member, table)) return;
    bool known = false;
    if (const TableForm::Property* property = limits.find(member.key)) {
      check(property->form, below);
      known = true;
    }
    for (const TableForm::Pattern& pattern : limits.patterns) {
      if (!pattern.regex.finds(member.key)) continue;
      check(pattern.form, below);
      known = true;
    }
    if (known || !limits.others) return;
    if (!forms_.behind(*limits.others).never) return check(*limits.others, below);
    if (!wrong()) return;
    add(below, explain_.unknown_key(table, form, member));
    if (auto key = explain_.meant_key(form, member)) meant.push_back(std::move(*key));
  }

  bool is_named_well(FormIndex names, const Member& member, const Place& table) {
    const Node key{member.key, member.key_span};
    const Place place{key, &table, &member, 0, true};
    const bool well = fits(names, place);
    if (!well && wrong()) check(names, place);
    return well;
  }

  void check_required(const Form& form, const Place& place, const Meant& meant) {
    for (const std::string_view key : form.table->required) {
      if (place.node.member(key) != nullptr || exai::contains(meant, key)) continue;
      if (wrong()) add(place, explain_.missing_key(place, form, key));
    }
  }

  void check_dependency(const TableForm::Dependency& dependency, const Place& place) {
    const Member* because = place.node.member(dependency.name);
    if (because == nullptr) return;
    if (dependency.form) check(*dependency.form, place);
    for (const std::string_view key : dependency.keys)
      if (place.node.member(key) == nullptr && wrong())
        add(place, explain_.missing_companion(place, *because, key));
  }

  void check_branches(const Form& form, const Place& place, const Meant& meant) {
    const BranchForm& branches = *form.branches;
    for (const FormIndex one : branches.all_of) check(one, place);
    if (!branches.any_of.empty()) check_any_of(branches.any_of, form, place);
    if (!branches.one_of.empty()) check_one_of(branches.one_of, form, place, meant);
    if (branches.negated && fits(*branches.negated, place) && wrong())
      add(place, explain_.excluded(place, forms_.behind(*branches.negated)));
    if (!branches.condition) return;
    const MaybeForm next = fits(*branches.condition, place) ? branches.then : branches.otherwise;
    if (next) check(*next, place);
  }

  void check_any_of(const std::vector<FormIndex>& branches, const Form& form, const Place& place) {
    const bool fitting = std::any_of(branches.begin(), branches.end(),
                                     [&](FormIndex branch) { return fits(branch, place); });
    if (!fitting && wrong()) add_meant_branch(branches, form, place);
  }

  void check_one_of(const std::vector<FormIndex>& branches, const Form& form, const Place& place,
                    const Meant& meant) {
    std::vector<FormIndex> fitting;
    for (const FormIndex branch : branches)
      if (fits(branch, place)) fitting.push_back(branch);
    if (fitting.size() == 1 || !wrong()) return;
    if (place.node.table() != nullptr)
      if (const auto keys = only_required(branches)) return add_one_key(*keys, place, meant);
    if (fitting.empty())
      add_meant_branch(branches, form, place);
    else
      add(place, explain_.several_fit(place, fitting));
  }

  // The keys, when all that every branch asks is that one key is there.
  std::optional<std::vector<std::string>> only_required(
      const std::vector<FormIndex>& branches) const {
    std::vector<std::string> keys;
    for (const FormIndex branch : branches) {
      const Form& form = forms_.behind(branch);
      if (!form.table || form.table->required.size() != 1 || form.source->size() != 1)
        return std::nullopt;
      keys.emplace_back(form.table->required[0]);
    }
    return keys;
  }

  void add_one_key(const std::vector<std::string>& keys, const Place& place, const Meant& meant) {
    std::vector<const Member*> present;
    for (const std::string& key : keys)
      if (const Member* member = place.node.member(key)) present.push_back(member);
    if (present.size() > 1)
      add(place, explain_.two_of_the_keys(place, *present[0], *present[1], keys));
    else if (std::find_first_of(keys.begin(), keys.end(), meant.begin(), meant.end()) == keys.end())
      add(place, explain_.none_of_the_keys(place, keys));
  }

  // None fits: the faults of the branch that was probably meant.
  void add_meant_branch(const std::vector<FormIndex>& branches, const Form& form,
                        const Place& place) {
    using Rank = std::tuple<bool, std::size_t, std::size_t>;  // less is better
    std::optional<std::pair<Rank, Faults>> best;
    const Kinds kind = value_kind(place.node);
    for (const FormIndex branch : branches) {
      if ((forms_.behind(branch).possible & kind) == 0) continue;
      Faults before = std::exchange(found_, {});
      check(branch, place);
      Faults faults = std::exchange(found_, std::move(before));
      std::size_t highest = kDeepest;
      for (const Fault& fault : faults) highest = std::min(highest, fault.depth);
      const Rank rank{contradicts(forms_.behind(branch), place), faults.size(), kDeepest - highest};
      if (!best || rank < best->first) best.emplace(rank, std::move(faults));
    }
    if (!best) return add(place, explain_.wrong_kind(place, form, form.possible));
    for (Fault& fault : best->second) add(place, std::move(fault.diagnostic));
  }

  // A constant in the table says that another branch is meant.
  bool contradicts(const Form& form, const Place& place) const {
    if (!form.table || place.node.table() == nullptr) return false;
    return std::any_of(form.table->properties.begin(), form.table->properties.end(),
                       [&](const auto& property) {
                         const Node* value = place.node.find(property.name);
                         const ChoiceForm* choice = forms_.behind(property.form).choice.get();
                         return value != nullptr && choice != nullptr && choice->only != nullptr &&
                                !equals(*choice->only, *value);
                       });
  }

  const SchemaForms& forms_;
  const SchemaUse& use_;
  SchemaExplainer explain_;
  Faults found_;
  bool asking_ = false;
  bool faulty_ = false;
  std::size_t steps_;
  int depth_ = 0;
  bool exhausted_ = false;
};

}  // namespace

Diagnostics check_schema(const Schema& schema, const Node& document, const SchemaUse& use) {
  return Walker(schema.forms(), use).run(document);
}

}  // namespace exai::config

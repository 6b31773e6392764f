// JSON → forms. Every part becomes a form of its own, found again by its address, so that parts
// that several references name are compiled once. Work is listed, not recursed into.

#include <algorithm>
#include <array>
#include <unordered_map>

#include "core/base/text.hpp"
#include "core/config/schema_forms.hpp"
#include "core/config/schema_places.hpp"

namespace exai::config {

namespace {

constexpr std::size_t kMostForms = 20'000;
constexpr int kDeepestBranches = 64;

constexpr std::array<std::pair<std::string_view, Kinds>, 7> kTypes = {
    {{"string", kText},
     {"integer", kWhole},
     {"number", kWhole | kFraction},
     {"boolean", kBoolean},
     {"array", kList},
     {"object", kTable},
     {"null", kNull}}};

class Compiler {
 public:
  explicit Compiler(SchemaForms& result)
      : result_(result), places_(result.root, result.documents) {}

  Result<> run() && {
    form_of(result_.root, {}, places_.base_of(result_.root, ""));
    while (!open_.empty() && !fault_) {
      const Work work = std::move(open_.back());
      open_.pop_back();
      work_ = &work;
      at_ = work.index;
      Form form = compile(*work.value);
      result_.forms[work.index] = std::move(form);
      if (result_.forms.size() > kMostForms) wrong("the schema is too large");
    }
    const FormIndex count = fault_ ? 0 : static_cast<FormIndex>(result_.forms.size());
    heights_.assign(count, kUnknown);
    for (FormIndex index = 0; index < count && !fault_; ++index) height(index, 0);
    if (fault_) return fail(std::move(*fault_));
    return {};
  }

 private:
  struct Work {
    const json::value* value;
    FormIndex index;
    std::string base;  // what references in it are relative to
  };

  // The first fault counts; it ends the work.
  template <class... Args>
  void wrong(fmt::format_string<Args...> format, Args&&... args) {
    if (fault_) return;
    const std::string what = fmt::format(format, std::forward<Args>(args)...);
    fault_ = Error(Errc::invalid, fmt::format("schema, {}: {}", path_of(at_), what));
  }

  // Where a form was come upon: below which one, as what. Kept instead of a path, which only a
  // fault needs.
  struct Origin {
    FormIndex owner = 0;
    std::string_view keyword;  // or the whole $ref that leads here
    std::string_view name;     // of the member
    std::optional<std::size_t> item;
  };

  std::string path_of(FormIndex index) const {
    const Origin& origin = origins_[index];
    if (origin.keyword.empty()) return "#";
    if (result_.forms[origin.owner].reference) return std::string(origin.keyword);
    std::string path = fmt::format("{}/{}", path_of(origin.owner), origin.keyword);
    if (!origin.name.empty()) path.append("/").append(origin.name);
    return origin.item ? fmt::format("{}/{}", path, *origin.item) : path;
  }

  FormIndex form_of(const json::value& value, const Origin& origin, std::string base) {
    const auto next = static_cast<FormIndex>(result_.forms.size());
    const auto [known, is_new] = known_.emplace(&value, next);
    if (!is_new) return known->second;
    result_.forms.emplace_back();
    origins_.push_back(origin);
    open_.push_back({&value, next, std::move(base)});
    return next;
  }

  FormIndex below(const json::value& value, std::string_view keyword, std::string_view name = {},
                  std::optional<std::size_t> item = {}) {
    return form_of(value, {work_->index, keyword, name, item}, places_.base_of(value, work_->base));
  }

  Form compile(const json::value& value) {
    Form form;
    if (const bool* constant = value.if_bool()) {
      form.never = !*constant;
      return form;
    }
    form.source = value.if_object();
    if (form.source == nullptr) {
      wrong("a schema is an object, true or false");
      return form;
    }
    object_ = form.source;
    if (object_->contains("$ref")) {
      form.reference = reference();
      return form;
    }
    form.kinds = kinds();
    form.choice = choice();
    form.number = number();
    form.text = text();
    form.list = list();
    form.table = table();
    form.branches = branches();
    return form;
  }

  MaybeForm reference() {
    const json::value* name = find(*object_, "$ref");
    const auto place = name->is_string()
                           ? places_.find(std::string_view(name->get_string()), work_->base)
                           : std::nullopt;
    if (place)
      return form_of(*place->value, {work_->index, name->get_string(), {}, {}}, place->base);
    wrong("$ref {} leads to no place in the schema; nothing is fetched", to_text(*name));
    return std::nullopt;
  }

  // ---- keywords, checked

  bool has_any(std::initializer_list<std::string_view> keywords) const {
    return std::any_of(keywords.begin(), keywords.end(),
                       [&](std::string_view keyword) { return object_->contains(keyword); });
  }

  Kinds kinds() {
    const json::value* type = find(*object_, "type");
    if (type == nullptr) return kAnyKind;
    if (!type->is_array()) return kinds_called(*type);
    Kinds kinds = 0;
    for (const json::value& one : type->get_array()) kinds |= kinds_called(one);
    return kinds;
  }

  Kinds kinds_called(const json::value& name) {
    for (const auto& [known, kinds] : kTypes)
      if (name.is_string() && name.get_string() == known) return kinds;
    wrong("there is no type {}", to_text(name));
    return kAnyKind;
  }

  std::optional<double> numeric(std::string_view keyword) {
    if (!object_->contains(keyword)) return std::nullopt;
    const auto value = find_number(*object_, keyword);
    if (!value) wrong("{} is a number", keyword);
    return value;
  }

  std::optional<std::size_t> count(std::string_view keyword) {
    if (!object_->contains(keyword)) return std::nullopt;
    const auto value = find_integer(*object_, keyword);
    if (value && *value >= 0) return static_cast<std::size_t>(*value);
    wrong("{} is a whole number, 0 or more", keyword);
    return std::nullopt;
  }

  MaybeForm schema(std::string_view keyword) {
    const json::value* value = find(*object_, keyword);
    return value == nullptr ? MaybeForm() : below(*value, keyword);
  }

  std::vector<FormIndex> schemas(std::string_view keyword) {
    const json::value* value = find(*object_, keyword);
    if (value == nullptr) return {};
    if (!value->is_array()) wrong("{} is a list of schemas", keyword);
    std::vector<FormIndex> result;
    if (const json::array* array = value->if_array())
      for (const json::value& item : *array)
        result.push_back(below(item, keyword, {}, result.size()));
    return result;
  }

  std::vector<std::string_view> names(const json::value& value, std::string_view keyword) {
    std::vector<std::string_view> result;
    if (!value.is_array()) wrong("{} is a list of names", keyword);
    if (const json::array* array = value.if_array())
      for (const json::value& item : *array) {
        if (!item.is_string()) return wrong("{} is a list of names", keyword), result;
        result.emplace_back(item.get_string());
      }
    return result;
  }

  std::optional<Regex> regex(std::string_view pattern) {
    auto compiled = Regex::compile(pattern);
    if (compiled) return std::move(*compiled);
    wrong("the pattern {}: {}", pattern, compiled.error().message());
    return std::nullopt;
  }

  // A member that must be an object; nothing when it is not there.
  const json::object* members(std::string_view keyword) {
    const json::value* value = find(*object_, keyword);
    if (value != nullptr && !value->is_object()) wrong("{} is an object", keyword);
    return value == nullptr ? nullptr : value->if_object();
  }

  // ---- groups of keywords; none when none of the group is there

  std::unique_ptr<ChoiceForm> choice() {
    if (!has_any({"const", "enum"})) return nullptr;
    auto form = std::make_unique<ChoiceForm>();
    form->only = find(*object_, "const");
    form->among = find_array(*object_, "enum");
    if (object_->contains("enum") && form->among == nullptr) wrong("enum is a list of values");
    return form;
  }

  std::unique_ptr<NumberForm> number() {
    if (!has_any({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}))
      return nullptr;
    auto form = std::make_unique<NumberForm>();
    form->minimum = numeric("minimum");
    form->maximum = numeric("maximum");
    form->above = numeric("exclusiveMinimum");
    form->below = numeric("exclusiveMaximum");
    form->multiple_of = numeric("multipleOf");
    if (form->multiple_of && *form->multiple_of <= 0) wrong("multipleOf is more than 0");
    return form;
  }

  std::unique_ptr<TextForm> text() {
    if (!has_any({"minLength", "maxLength", "pattern", "x-exai"})) return nullptr;
    auto form = std::make_unique<TextForm>();
    form->min_length = count("minLength");
    form->max_length = count("maxLength");
    if (const json::value* pattern = find(*object_, "pattern")) {
      if (!pattern->is_string()) return wrong("pattern is a text"), nullptr;
      form->pattern = pattern->get_string();
      form->regex = regex(form->pattern);
    }
    const json::object* extra = find_object(*object_, "x-exai");
    if (const auto name = extra ? find_string(*extra, "format") : std::nullopt) {
      form->format = find_format(*name);
      if (form->format == nullptr) wrong("there is no x-exai.format \"{}\"", *name);
    }
    return form;
  }

  std::unique_ptr<ListForm> list() {
    if (!has_any({"items", "contains", "minItems", "maxItems", "uniqueItems"})) return nullptr;
    auto form = std::make_unique<ListForm>();
    const json::value* items = find(*object_, "items");
    if (items != nullptr && items->is_array()) {
      form->first = schemas("items");
      form->others = schema("additionalItems");
    } else {
      form->others = schema("items");
    }
    form->contains = schema("contains");
    form->min_items = count("minItems");
    form->max_items = count("maxItems");
    form->unique = find_bool(*object_, "uniqueItems").value_or(false);
    return form;
  }

  std::unique_ptr<TableForm> table() {
    if (!has_any({"properties", "patternProperties", "additionalProperties", "propertyNames",
                  "required", "dependencies", "minProperties", "maxProperties"}))
      return nullptr;
    auto form = std::make_unique<TableForm>();
    add_properties(*form);
    add_dependencies(*form);
    form->others = schema("additionalProperties");
    form->names = schema("propertyNames");
    if (const json::value* required = find(*object_, "required"))
      form->required = names(*required, "required");
    form->min_properties = count("minProperties");
    form->max_properties = count("maxProperties");
    return form;
  }

  void add_properties(TableForm& form) {
    if (const json::object* properties = members("properties"))
      for (const auto& one : *properties)
        form.properties.push_back({one.key(), below(one.value(), "properties", one.key())});
    std::sort(form.properties.begin(), form.properties.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    if (const json::object* patterns = members("patternProperties"))
      for (const auto& one : *patterns)
        if (auto compiled = regex(one.key()))
          form.patterns.push_back({one.key(), std::move(*compiled),
                                   below(one.value(), "patternProperties", one.key())});
  }

  void add_dependencies(TableForm& form) {
    const json::object* dependencies = members("dependencies");
    if (dependencies == nullptr) return;
    for (const auto& one : *dependencies) {
      TableForm::Dependency dependency{one.key(), {}, {}};
      if (one.value().is_array())
        dependency.keys = names(one.value(), "dependencies");
      else
        dependency.form = below(one.value(), "dependencies", one.key());
      form.dependencies.push_back(std::move(dependency));
    }
  }

  std::unique_ptr<BranchForm> branches() {
    if (!has_any({"oneOf", "anyOf", "allOf", "not", "if"})) return nullptr;
    auto form = std::make_unique<BranchForm>();
    form->one_of = schemas("oneOf");
    form->any_of = schemas("anyOf");
    form->all_of = schemas("allOf");
    form->negated = schema("not");
    form->condition = schema("if");
    if (form->condition) {
      form->then = schema("then");
      form->otherwise = schema("else");
    }
    return form;
  }

  // ---- what only the whole shows

  static constexpr int kUnknown = -1;
  static constexpr int kBusy = -2;

  // How many forms one value may have to go through from here; sets `possible` on the way. A form
  // that leads back to itself without going into the value would never end.
  int height(FormIndex index, int depth) {
    if (heights_[index] >= 0 || fault_) return heights_[index];
    at_ = index;
    if (heights_[index] == kBusy || depth > kDeepestBranches) {
      wrong("$ref, oneOf and the like go round in a circle, or are more than {} deep",
            kDeepestBranches);
      return 0;
    }
    heights_[index] = kBusy;
    int highest = 0;
    const auto visit = [&](FormIndex other) {
      highest = std::max(highest, 1 + height(other, depth + 1));
      return result_.forms[other].possible;
    };
    result_.forms[index].possible = possible(result_.forms[index], visit);
    if (highest > kDeepestBranches) wrong("more than {} branches in one another", kDeepestBranches);
    return heights_[index] = highest;
  }

  // Every other form of the value is visited, also where nothing is learned of its kind.
  template <class Visit>
  static Kinds possible(const Form& form, const Visit& visit) {
    if (form.reference) return visit(*form.reference);
    Kinds kinds = form.never ? Kinds{0} : form.kinds;
    const auto any = [&](const std::vector<FormIndex>& some) {
      Kinds together = some.empty() ? kAnyKind : Kinds{0};
      for (const FormIndex one : some) together |= visit(one);
      kinds &= together;
    };
    if (form.branches) {
      any(form.branches->one_of);
      any(form.branches->any_of);
      for (const FormIndex one : form.branches->all_of) kinds &= visit(one);
      for (const MaybeForm& one : {form.branches->negated, form.branches->condition,
                                   form.branches->then, form.branches->otherwise})
        if (one) visit(*one);
    }
    if (form.table)
      for (const TableForm::Dependency& one : form.table->dependencies)
        if (one.form) visit(*one.form);
    return kinds;
  }

  SchemaForms& result_;
  SchemaPlaces places_;
  std::unordered_map<const json::value*, FormIndex> known_;
  std::vector<Work> open_;
  std::vector<Origin> origins_;           // by form
  const Work* work_ = nullptr;            // the part at hand
  FormIndex at_ = 0;                      // its form
  const json::object* object_ = nullptr;  // its JSON
  std::vector<int> heights_;
  std::optional<Error> fault_;
};

}  // namespace

Result<Schema> Schema::compile(json::value root, Documents documents) {
  auto forms = std::make_shared<SchemaForms>();
  forms->root = std::move(root);
  forms->documents = std::move(documents);
  if (auto done = Compiler(*forms).run(); !done) return fail(std::move(done).error());
  return Schema(std::move(forms));
}

Result<Schema> Schema::parse(std::string_view text) {
  TRY(root, parse_json(text));
  return compile(std::move(root));
}

}  // namespace exai::config

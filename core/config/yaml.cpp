#include "core/config/yaml.hpp"

#include <fmt/core.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <exception>
#include <sstream>
#include <unordered_map>

#include "core/base/text.hpp"
#include "core/config/places.hpp"
#include "core/config/yaml_scalar.hpp"
#include "core/config/yaml_text.hpp"

namespace exai::config {

namespace {

constexpr std::size_t kMaxBytes = std::size_t{4} << 20U;
constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxAliased = std::size_t{32} << 20U;
constexpr std::size_t kMaxDiagnostics = 100;

// The way out of yaml-cpp, which descends by itself: the reason is among the diagnostics already.
struct Stop {};

// Roughly the bytes that a copy of the node takes.
std::size_t weight(const Node& node) {
  std::size_t sum = sizeof(Node);
  if (const std::string* text = node.string()) sum += text->size();
  if (const Node::List* list = node.list())
    for (const Node& item : *list) sum += weight(item);
  if (const Node::Table* table = node.table())
    for (const Member& member : *table)
      sum += sizeof(Member) + member.key.size() + weight(member.value);
  return sum;
}

// A node as it is read: bytes [begin, end) of the text, without anchor and tag.
struct Item {
  Node node;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::optional<Position> position;  // of `begin`, when it is known already
  std::string tag;
  bool plain = false;
};

struct Anchored {
  Node node;
  Span name;
  std::size_t weight = 0;
  std::string tag;
};

// A list or table that is not closed yet.
struct Frame {
  Item item;
  YAML::anchor_t anchor = YAML::NullAnchor;
  Span anchor_name;
  bool flow = false;
  std::optional<Item> key;                            // of a table: read, its value not yet
  std::unordered_map<std::string, std::size_t> keys;  // of a table: which member
  std::vector<Item> merges;
  std::optional<Span> merge_key;
};

class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(const SourcePtr& source)
      : source_(source),
        text_(source->text),
        places_(source),
        bom_(text_.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0),
        last_end_(bom_) {}

  Yaml run() && {
    try {
      std::istringstream in(hide_question_marks(text_));
      YAML::Parser parser(in);
      while (parser.HandleNextDocument(*this)) continue;
      if (!result_.root) result_.root = Node{{}, places_.span(bom_, bom_)};
    } catch (const Stop&) {
      result_.root.reset();
    } catch (const YAML::ParserException& error) {
      fail_with(explain_yaml_error(text_, progress(error.mark), error.msg));
    } catch (const std::exception& error) {
      fail_with({last_end_, last_end_, "this is not YAML: " + printable(error.what()), ""});
    }
    return std::move(result_);
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) return;
    const std::size_t dashes = text_.find("---", last_end_);
    const std::size_t at = dashes == text_.npos ? offset(mark) : dashes;
    stop(at, at + 3,
         "a second document begins here: Compose 1 refuses that, Compose 2 lays it over the first",
         "a file is one document; give Compose two files instead");
  }

  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Item item;
    item.plain = true;
    item.begin = item.end = null_place();
    const std::size_t at = yaml_content(text_, offset(mark)).begin;
    for (const std::string_view word : {"~", "null", "Null", "NULL"})
      if (text_.substr(std::min(at, text_.size())).starts_with(word)) {
        item.begin = at;
        item.end = at + word.size();
      }
    add(std::move(item), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Item item;
    item.begin = offset(mark);
    item.end = std::min(text_.find_first_of(" \t\r\n,]}[{", item.begin), text_.size());
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      stop(item.begin, item.end, "this alias is inside of what it stands for",
           "a value cannot contain itself");
    aliased_ += found->second.weight;
    if (aliased_ > kMaxAliased)
      stop(item.begin, item.end, "the aliases of this file stand for more than 32 MiB",
           "write large values once, in a file of their own");
    item.node = found->second.node;
    item.tag = found->second.tag;
    result_.anchors.emplace(places_.at(item.begin), found->second.name);
    add(std::move(item), YAML::NullAnchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& read) override {
    const std::string value = show_question_marks(read);
    const YamlContent content = yaml_content(text_, offset(mark));
    Item item;
    item.begin = content.begin;
    const char first = item.begin < text_.size() ? text_[item.begin] : '\0';
    const bool quoted = first == '"' || first == '\'' || first == '|' || first == '>';
    item.plain = !quoted;
    if (value.empty() && !quoted) {
      item.begin = item.end = content.properties_end;
    } else {
      const auto end = yaml_scalar_end(text_, item.begin, value);
      if (!end) stop(unclosed_yaml(text_, item.begin));
      item.end = *end;
    }
    constexpr std::string_view kCore = "tag:yaml.org,2002:";
    const bool resolves = tag == "?" || ((tag == "!reset" || tag == "!override") && !quoted) ||
                          (tag.starts_with(kCore) && tag != "tag:yaml.org,2002:str");
    item.node.value = resolves ? plain_scalar(value) : decltype(Node::value)(value);
    item.tag = tag;
    add(std::move(item), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(mark, tag, anchor, style, Node::List{});
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(mark, tag, anchor, style, Node::Table{});
  }
  void OnMapEnd() override {
    apply_merges(frames_.back());
    close();
  }

  void OnAnchor(const YAML::Mark& mark, const std::string& read) override {
    const std::string name = show_question_marks(read);
    const std::size_t at = text_.find("&" + name, offset(mark));
    if (at != text_.npos) anchor_name_ = places_.span(at, at + 1 + name.size());
  }

 private:
  std::size_t offset(const YAML::Mark& mark) const {
    const auto at = static_cast<std::size_t>(std::max(mark.pos, 0)) + bom_;
    return std::min(at, text_.size());
  }

  // A null that is not written stands behind the colon or dash in front of it.
  std::size_t null_place() const {
    if (frames_.empty()) return last_end_;
    std::size_t at = skip_yaml_blanks(text_, last_end_);
    const bool value = frames_.back().key.has_value();
    if (at < text_.size() && text_[at] == (value ? ':' : '-')) return at + 1;
    return last_end_;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YAML::EmitterStyle::value style, decltype(Node::value) empty) {
    Frame frame;
    frame.item.begin = yaml_content(text_, offset(mark)).begin;
    frame.item.tag = tag;
    frame.item.node.value = std::move(empty);
    frame.item.position = places_.at(frame.item.begin);
    frame.anchor = anchor;
    frame.flow = style == YAML::EmitterStyle::Flow;
    if (frames_.size() >= kMaxDepth)
      stop(frame.item.begin, frame.item.begin + 1, "this is nested more than 64 levels deep", "");
    if (anchor != YAML::NullAnchor) frame.anchor_name = anchor_name_;
    last_end_ = frame.item.begin + (frame.flow ? 1 : 0);
    frames_.push_back(std::move(frame));
  }

  void close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    frame.item.end = frame.flow ? yaml_flow_end(text_, last_end_) : last_end_;
    anchor_name_ = frame.anchor_name;
    add(std::move(frame.item), frame.anchor);
  }

  void add(Item item, YAML::anchor_t anchor) {
    const Position begin = item.position ? *item.position : places_.at(item.begin);
    item.node.span = {source_, begin, places_.at(item.end)};
    last_end_ = item.end;
    last_word_ = item.begin;
    if (item.tag == "!reset" || item.tag == "!override") result_.tags[begin] = item.tag;
    if (anchor != YAML::NullAnchor)
      anchors_[anchor] = {item.node, anchor_name_, weight(item.node), item.tag};
    if (frames_.empty()) {
      result_.root = std::move(item.node);
    } else if (Node::List* list = std::get_if<Node::List>(&frames_.back().item.node.value)) {
      list->push_back(std::move(item.node));
    } else if (!frames_.back().key) {
      add_key(frames_.back(), std::move(item));
    } else {
      add_member(frames_.back(), std::move(item));
    }
  }

  // yaml-cpp takes a text of several lines for a key, and one that no colon follows.
  void check_key(const Frame& frame, const Item& item) {
    const std::size_t before = text_.find_last_not_of(" \t", item.begin - 1);
    const bool is_explicit = item.begin > 0 && before != text_.npos && text_[before] == '?';
    if (frame.flow || is_explicit) return;
    const bool one_line = source_of(item).find('\n') == std::string_view::npos;
    const std::size_t colon = std::min(text_.find_first_not_of(" \t", item.end), text_.size());
    if (!one_line || colon == text_.size() || text_[colon] != ':')
      stop(stray_yaml_line(text_, item.begin));
  }

  void add_key(Frame& frame, Item item) {
    check_key(frame, item);
    if (item.node.list() != nullptr || item.node.table() != nullptr)
      stop(item.begin, item.end, "a key must be a text", "");
    if (item.node.string() == nullptr) {
      const bool missing = item.begin == item.end;
      report("CMP003", item.node.span,
             missing ? "a key is missing here"
                     : fmt::format("a key must be text, not {}", type_name(item.node)),
             missing ? "write key: value" : fmt::format("write \"{}\"", source_of(item)));
      item.node.value = std::string(source_of(item));
    }
    frame.key = std::move(item);
  }

  std::string_view source_of(const Item& item) const {
    return text_.substr(item.begin, item.end - item.begin);
  }

  void add_member(Frame& frame, Item item) {
    Item key = std::move(*frame.key);
    frame.key.reset();
    const std::string& name = *key.node.string();
    if (name == "<<" && key.plain) return add_merge(frame, key, std::move(item));
    auto& members = std::get<Node::Table>(frame.item.node.value);
    const auto [found, is_new] = frame.keys.emplace(name, members.size());
    if (is_new) {
      members.push_back({name, key.node.span, std::move(item.node)});
      return;
    }
    Member& first = members[found->second];
    duplicate(name, key.node.span, first.key_span, "remove one of them");
    first = {name, key.node.span, std::move(item.node)};
  }

  void add_merge(Frame& frame, const Item& key, Item item) {
    if (frame.merge_key)
      duplicate("<<", key.node.span, *frame.merge_key, "write it once, with a list: <<: [*a, *b]");
    frame.merge_key = key.node.span;
    frame.merges.push_back(std::move(item));
  }

  void duplicate(const std::string& key, const Span& again, const Span& first, std::string help) {
    if (full()) return;
    Diagnostic one = problem("CMP002", again, fmt::format("\"{}\" is there twice", printable(key)),
                             std::move(help));
    one.related.push_back({first, "first written here"});
    result_.diagnostics.push_back(std::move(one));
  }

  void apply_merges(Frame& frame) {
    for (Item& merge : frame.merges) {
      if (Node::List* list = std::get_if<Node::List>(&merge.node.value)) {
        for (Node& each : *list) apply_merge(frame, each);
      } else {
        apply_merge(frame, merge.node);
      }
    }
  }

  void apply_merge(Frame& frame, Node& from) {
    Node::Table* table = std::get_if<Node::Table>(&from.value);
    if (table == nullptr) {
      report("CMP001", from.span, "\"<<\" takes a table, or a list of tables",
             "name the anchor of a table: <<: *name");
      return;
    }
    auto& members = std::get<Node::Table>(frame.item.node.value);
    for (Member& member : *table)
      if (frame.keys.emplace(member.key, members.size()).second)
        members.push_back(std::move(member));
  }

  bool full() const { return result_.diagnostics.size() >= kMaxDiagnostics; }

  void report(std::string code, const Span& span, std::string message, std::string help) {
    if (full()) return;
    result_.diagnostics.push_back(
        problem(std::move(code), span, std::move(message), std::move(help)));
  }

  YamlProgress progress(const YAML::Mark& mark) const {
    YamlProgress made{offset(mark), last_word_, last_end_, std::nullopt};
    if (!frames_.empty() && frames_.back().flow) made.in_bracket = frames_.back().item.begin;
    return made;
  }

  [[noreturn]] void stop(YamlFault fault) {
    fail_with(std::move(fault));
    throw Stop();
  }

  [[noreturn]] void stop(std::size_t begin, std::size_t end, std::string message,
                         std::string help) {
    stop(YamlFault{begin, end, std::move(message), std::move(help)});
  }

  void fail_with(YamlFault fault) {
    result_.root.reset();
    result_.diagnostics.push_back(problem("CMP001", places_.span(fault.begin, fault.end),
                                          std::move(fault.message), std::move(fault.help)));
  }

  SourcePtr source_;
  std::string_view text_;
  Places places_;
  std::size_t bom_;
  std::size_t last_end_;       // of what was understood so far
  std::size_t last_word_ = 0;  // where that began
  std::size_t aliased_ = 0;
  int documents_ = 0;
  Span anchor_name_;
  std::vector<Frame> frames_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  Yaml result_;
};

}  // namespace

Yaml parse_yaml(const SourcePtr& source) {
  Yaml refused;
  const auto refuse = [&](Span span, std::string message, std::string help) {
    refused.diagnostics.push_back(
        problem("CMP001", std::move(span), std::move(message), std::move(help)));
    return std::move(refused);
  };
  const Span start{source, {1, 1}, {1, 1}};
  if (source->text.size() > kMaxBytes) return refuse(start, "this file is larger than 4 MiB", "");
  if (auto fault = forbidden_yaml_byte(source->text))
    return refuse(Places(source).span(fault->begin, fault->end), std::move(fault->message),
                  std::move(fault->help));
  return Builder(source).run();
}

}  // namespace exai::config

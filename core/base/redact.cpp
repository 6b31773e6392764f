#include "core/base/redact.hpp"

#include <string.h>

#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/base/url.hpp"

namespace exai {

namespace {

constexpr std::size_t kShortest = 8;

using Forms = std::set<std::string>;

// As encodeURIComponent, a path and a form leave characters alone.
void add_url_forms(Forms& forms, std::string_view text) {
  for (const std::string_view hex : {"0123456789ABCDEF", "0123456789abcdef"}) {
    for (const std::string_view plain : {"", "!*'()", "/", "!$&'()*+,;=:@/"})
      forms.insert(percent_encoded(text, plain, hex));
    forms.insert(replace_all(percent_encoded(text, "", hex), "%20", "+"));
  }
}

void add_json_forms(Forms& forms, std::string_view text) {
  const std::string quoted = to_text(json::string(text));
  const std::string bare = quoted.substr(1, quoted.size() - 2);
  forms.insert(bare);
  forms.insert(replace_all(bare, "/", "\\/"));
}

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The characters that are the value's alone when `before` bytes stand before it: those whose six
// bits all belong to it.
std::string base64_inside(std::string_view bytes, std::size_t before) {
  const auto bit = [&](std::size_t at) -> unsigned {
    const std::size_t inside = at - 8 * before;
    return static_cast<unsigned char>(bytes[inside / 8]) >> (7 - inside % 8) & 1U;
  };
  std::string result;
  const std::size_t end = 8 * (before + bytes.size());
  for (std::size_t at = (8 * before + 5) / 6 * 6; at + 6 <= end; at += 6) {
    unsigned six = 0;
    for (std::size_t i = 0; i < 6; ++i) six = six << 1U | bit(at + i);
    result += kBase64[six];
  }
  return result;
}

// By itself, with its last character and padding.
std::string base64_whole(std::string_view bytes, bool padded) {
  const std::size_t rest = bytes.size() % 3;
  if (rest == 0) return base64_inside(bytes, 0);
  const std::size_t characters = (8 * bytes.size() + 5) / 6;
  Secret filled{std::string(bytes) + std::string(3 - rest, '\0')};
  return base64_inside(filled.reveal(), 0).substr(0, characters) +
         std::string(padded ? 3 - rest : 0, '=');
}

void add_base64_forms(Forms& forms, std::string_view bytes) {
  Forms found{base64_whole(bytes, true), base64_whole(bytes, false)};
  for (std::size_t before = 0; before < 3; ++before) found.insert(base64_inside(bytes, before));
  for (const std::string& form : found) {
    forms.insert(form);
    forms.insert(replace_all(replace_all(form, "+", "-"), "/", "_"));
  }
}

// The lines of a text of several, which logs stamp one by one. The first and the last line of a PEM
// key are no secret.
void add_lines(Forms& forms, std::string_view text) {
  if (text.find('\n') == std::string_view::npos) return;
  for (std::string& line : split(text, '\n'))
    if (trim(line).size() >= kShortest && !line.starts_with("-----"))
      forms.insert(std::string(trim(line)));
}

Forms forms_of(std::string_view value) {
  Forms forms{std::string(value)};
  add_lines(forms, value);
  add_json_forms(forms, value);
  add_url_forms(forms, value);
  add_base64_forms(forms, value);
  return forms;
}

void wipe(std::string& text) {
  const Secret gone(std::move(text));
}

}  // namespace

// A trie of all forms with a failure link from each state to the longest proper suffix of it that
// is a state too. The children of a state are a list, which is short but at the root; there a table
// answers.
class Automaton {
 public:
  using StateId = std::uint32_t;
  static constexpr StateId kRoot = 0;

  struct Match {
    std::uint32_t length = 0;  // of the longest form that ends here; 0: none
    std::uint32_t label = 0;
  };

  Automaton() : states_(1) {}
  ~Automaton() {  // the trie spells the values
    ::explicit_bzero(states_.data(), states_.size() * sizeof(State));
  }
  Automaton(const Automaton&) = delete;
  Automaton& operator=(const Automaton&) = delete;

  void insert(std::string_view form, std::string_view label) {
    StateId at = kRoot;
    for (const char c : form) at = child_or_new(at, static_cast<unsigned char>(c));
    if (states_[at].match.length == 0)
      states_[at].match = {static_cast<std::uint32_t>(form.size()), label_id(label)};
  }

  // Breadth first: the link of a state is a step on from the link of its parent.
  void link() {
    for (StateId id = states_[kRoot].child; id != 0; id = states_[id].sibling)
      root_[states_[id].byte] = id;
    std::vector<StateId> queue{kRoot};
    for (std::size_t i = 0; i < queue.size(); ++i)
      for (StateId id = states_[queue[i]].child; id != 0; id = states_[id].sibling) {
        State& state = states_[id];
        state.link = queue[i] == kRoot ? kRoot : next(states_[queue[i]].link, state.byte);
        if (state.match.length == 0) state.match = states_[state.link].match;
        queue.push_back(id);
      }
  }

  StateId next(StateId at, unsigned char byte) const {
    for (;;) {
      if (at == kRoot) return root_[byte];
      for (StateId id = states_[at].child; id != 0; id = states_[id].sibling)
        if (states_[id].byte == byte) return id;
      at = states_[at].link;
    }
  }

  const Match& match(StateId at) const { return states_[at].match; }
  std::uint32_t depth(StateId at) const { return states_[at].depth; }
  const std::string& label(std::uint32_t id) const { return labels_[id]; }
  // The next byte at or after `from` that begins a form.
  std::size_t skip(std::string_view text, std::size_t from) const {
    while (from < text.size() && root_[static_cast<unsigned char>(text[from])] == kRoot) ++from;
    return from;
  }

 private:
  struct State {
    StateId child = 0;
    StateId sibling = 0;
    StateId link = kRoot;
    std::uint32_t depth = 0;
    Match match;
    unsigned char byte = 0;
  };

  StateId child_or_new(StateId parent, unsigned char byte) {
    for (StateId id = states_[parent].child; id != 0; id = states_[id].sibling)
      if (states_[id].byte == byte) return id;
    State state;
    state.byte = byte;
    state.depth = states_[parent].depth + 1;
    state.sibling = states_[parent].child;
    states_.push_back(state);
    return states_[parent].child = static_cast<StateId>(states_.size() - 1);
  }

  std::uint32_t label_id(std::string_view label) {
    const auto [known, is_new] =
        label_ids_.try_emplace(std::string(label), static_cast<std::uint32_t>(labels_.size()));
    if (is_new) labels_.emplace_back(label);
    return known->second;
  }

  std::vector<State> states_;
  std::vector<std::string> labels_;
  std::unordered_map<std::string, std::uint32_t> label_ids_;
  std::array<StateId, 256> root_{};
};

// Text that is being searched, and what was found in it. Matches that overlap are one: nothing of
// either may be seen.
struct RedactingStream::Scan {
  struct Found {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::uint32_t length = 0;  // of the longest match in it, which gives the label
    std::uint32_t label = 0;
    bool told = false;  // its label has been written
  };

  explicit Scan(std::shared_ptr<const Automaton> used) : automaton(std::move(used)) {}
  ~Scan() { wipe(text); }
  Scan(const Scan&) = delete;
  Scan& operator=(const Scan&) = delete;

  std::shared_ptr<const Automaton> automaton;
  std::string text;    // not yet written
  std::size_t at = 0;  // searched up to here
  Automaton::StateId state = Automaton::kRoot;
  std::vector<Found> found;

  void search() {
    while (at < text.size()) {
      if (state == Automaton::kRoot && (at = automaton->skip(text, at)) == text.size()) return;
      state = automaton->next(state, static_cast<unsigned char>(text[at++]));
      if (automaton->match(state).length > 0) add(automaton->match(state));
    }
  }

  void add(const Automaton::Match& match) {
    Found one{at - match.length, at, match.length, match.label};
    while (!found.empty() && found.back().end > one.begin) {
      const Found& last = found.back();
      one.begin = std::min(one.begin, last.begin);
      one.told = one.told || last.told;
      if (last.length > one.length) {
        one.length = last.length;
        one.label = last.label;
      }
      found.pop_back();
    }
    found.push_back(one);
  }

  // Writes the text before `end` and forgets it.
  std::string take(std::size_t end) {
    std::string out;
    std::size_t from = 0;
    for (Found& one : found) {
      if (one.begin >= end) break;
      out.append(text, from, one.begin - from);
      if (!one.told) out += fmt::format("[{}]", automaton->label(one.label));
      one.told = true;
      from = std::min(one.end, end);
    }
    out.append(text, from, end - from);
    forget(end);
    return out;
  }

  void forget(std::size_t end) {
    std::erase_if(found, [&](const Found& one) { return one.end <= end; });
    for (Found& one : found) {
      one.begin -= std::min(one.begin, end);
      one.end -= end;
    }
    text.erase(0, end);
    at -= end;
  }

  // What a form that may still come to an end does not reach back to.
  std::size_t settled() const { return text.size() - automaton->depth(state); }
};

struct Redactor::Known {
  std::vector<std::pair<std::string, Secret>> values;
  std::unordered_multimap<std::size_t, std::size_t> by_hash;  // where in values

  // False: it was there.
  bool add(std::string_view name, const Secret& value) {
    const std::size_t hash = std::hash<std::string_view>()(value.reveal());
    const auto [first, last] = by_hash.equal_range(hash);
    if (std::any_of(first, last, [&](const auto& at) { return values[at.second].second == value; }))
      return false;
    by_hash.emplace(hash, values.size());
    values.emplace_back(name, value);
    return true;
  }
};

Redactor::Redactor() : known_(std::make_unique<Known>()) {}
Redactor::~Redactor() = default;

void Redactor::add(std::string_view name, const Secret& value) {
  if (value.reveal().size() < kShortest) return;
  const std::lock_guard lock(mutex_);
  if (!known_->add(name, value)) return;
  automaton_.reset();  // made anew when it is asked for: many are told one after the other
  any_ = true;
}

std::shared_ptr<const Automaton> Redactor::automaton() const {
  if (!any_) return nullptr;
  const std::lock_guard lock(mutex_);
  if (automaton_) return automaton_;
  auto made = std::make_shared<Automaton>();
  for (const auto& [name, value] : known_->values)
    for (std::string form : forms_of(value.reveal())) {
      made->insert(form, name);
      wipe(form);
    }
  made->link();
  automaton_ = made;
  return made;
}

std::string Redactor::redact(std::string text) const {
  const auto used = automaton();
  if (!used) return text;
  RedactingStream::Scan scan(used);
  scan.text = std::move(text);
  scan.search();
  if (scan.found.empty()) return std::exchange(scan.text, {});
  return scan.take(scan.text.size());
}

RedactingStream::RedactingStream(std::shared_ptr<const Redactor> redactor)
    : redactor_(std::move(redactor)) {}
RedactingStream::~RedactingStream() = default;
RedactingStream::RedactingStream(RedactingStream&&) noexcept = default;
RedactingStream& RedactingStream::operator=(RedactingStream&&) noexcept = default;

std::string RedactingStream::push(std::string_view piece) {
  const auto current = redactor_ ? redactor_->automaton() : nullptr;
  if (!current) return std::string(piece);
  if (!scan_) scan_ = std::make_unique<Scan>(current);
  if (scan_->automaton != current) {  // more is known: what is held back is searched again
    scan_->automaton = current;
    std::erase_if(scan_->found, [](const Scan::Found& one) { return !one.told; });
    scan_->state = Automaton::kRoot;
    scan_->at = 0;
  }
  scan_->text += piece;
  scan_->search();
  return scan_->take(scan_->settled());
}

std::string RedactingStream::finish() {
  if (!scan_) return {};
  std::string rest = scan_->take(scan_->text.size());
  scan_.reset();
  return rest;
}

}  // namespace exai

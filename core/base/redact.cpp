#include "core/base/redact.hpp"

#include <string.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <unordered_map>

#include "core/base/ascii.hpp"
#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/base/url.hpp"

namespace exai {

namespace {

constexpr std::size_t kShortest = 8;
constexpr std::size_t kLongRun = 4096;

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

// Which places of a text are worth a look. Of eight bytes in a row, with which every form begins,
// one group of four starts at a multiple of five: if none of the groups there belongs to the
// beginning of a form, none begins before. Each look stands by itself, so many are under way at
// once.
class Filter {
 public:
  static constexpr std::size_t kStride = 5;
  static constexpr std::size_t kGroup = 4;
  static_assert(kStride + kGroup - 1 == kShortest);

  void insert(std::string_view form) {
    for (std::size_t at = 0; at < kStride; ++at)
      for (Bits* bits : {&first_, &second_}) {
        const std::size_t bit = hash(form.data() + at, bits == &first_ ? kFirst : kSecond);
        (*bits)[bit / 64] |= std::uint64_t{1} << (bit % 64);
      }
  }

  // The first byte from `from` on at which a form may begin, and up to which byte one may.
  // {size, size}: none.
  std::pair<std::size_t, std::size_t> next(std::string_view text, std::size_t from) const {
    std::size_t at = from;
    // Four looks with one branch, while nothing is suspected: that is the usual text.
    for (; at + 3 * kStride + kGroup <= text.size(); at += 4 * kStride) {
      const char* group = text.data() + at;
      if ((suspects(group) | suspects(group + kStride) | suspects(group + 2 * kStride) |
           suspects(group + 3 * kStride)) == 0)
        continue;
      for (std::size_t look = at; look < at + 4 * kStride; look += kStride)
        if (knows(text.data() + look)) return around(look, from);
    }
    for (; at + kGroup <= text.size(); at += kStride)
      if (knows(text.data() + at)) return around(at, from);
    // What begins in the last bytes may have had no look.
    return {std::max(from, text.size() - std::min(text.size(), kShortest - 1)), text.size()};
  }

 private:
  static constexpr unsigned kBits = 17;
  static constexpr std::uint32_t kFirst = 2654435761U;
  static constexpr std::uint32_t kSecond = 2246822519U;
  using Bits = std::array<std::uint64_t, (1U << kBits) / 64>;

  static std::size_t hash(const char* group, std::uint32_t factor) {
    std::uint32_t four = 0;
    ::memcpy(&four, group, sizeof four);
    return (four * factor) >> (32U - kBits);
  }
  std::uint64_t suspects(const char* group) const {
    const std::size_t bit = hash(group, kFirst);
    return first_[bit / 64] >> (bit % 64) & 1U;
  }
  // Two groups that fall together by the one hash seldom do by the other.
  bool knows(const char* group) const {
    if (suspects(group) == 0) return false;
    const std::size_t bit = hash(group, kSecond);
    return (second_[bit / 64] >> (bit % 64) & 1U) != 0;
  }
  static std::pair<std::size_t, std::size_t> around(std::size_t look, std::size_t from) {
    return {std::max(from, look - std::min(look, kStride - 1)), look + 1};
  }

  Bits first_{};
  Bits second_{};
};

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
    if (form.size() < kShortest) return;
    filter_.insert(form);
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
  const Filter& filter() const { return filter_; }

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

  Filter filter_;
  std::vector<State> states_;
  std::vector<std::string> labels_;
  std::unordered_map<std::string, std::uint32_t> label_ids_;
  std::array<StateId, 256> root_{};
};

namespace {

// A search, and what it has found. Matches that overlap are one: nothing of either may be seen.
class Search {
 public:
  struct Found {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t last = 0;      // where the match that ends there begins
    Automaton::Match longest;  // gives the label
  };

  Search(const Automaton& automaton, std::string_view text)
      : automaton_(automaton), text_(text), unfinished_(text.size()) {
    for (std::size_t at = 0; at < text_.size();) {
      const auto [begin, end] = automaton_.filter().next(text_, at);
      at = look(begin, end);
    }
  }

  const std::vector<Found>& found() const { return found_; }
  // Where what is no form yet, but may become one, begins.
  std::size_t unfinished() const { return unfinished_; }

 private:
  // From `at` until no form is under way that begins before `end`, nor a long one at all: what is
  // given back, and looked at again, is shorter than any form, so the whole is one pass.
  std::size_t look(std::size_t at, std::size_t end) {
    Automaton::StateId state = Automaton::kRoot;
    while (at < text_.size()) {
      state = automaton_.next(state, static_cast<unsigned char>(text_[at++]));
      const Automaton::Match& match = automaton_.match(state);
      if (match.length > 0) add({at - match.length, at, at - match.length, match});
      const std::size_t depth = automaton_.depth(state);
      if (depth < kShortest && at - depth >= end) return at - depth;
    }
    unfinished_ = at - automaton_.depth(state);
    return at;
  }

  void add(Found one) {
    for (; !found_.empty() && found_.back().end > one.begin; found_.pop_back()) {
      const Found& other = found_.back();
      one.begin = std::min(one.begin, other.begin);
      if (other.end > one.end) {
        one.end = other.end;
        one.last = other.last;
      }
      if (other.longest.length > one.longest.length) one.longest = other.longest;
    }
    found_.push_back(one);
  }

  const Automaton& automaton_;
  std::string_view text_;
  std::size_t unfinished_;
  std::vector<Found> found_;
};

}  // namespace

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
  const Search search(*used, text);
  if (search.found().empty()) return text;
  std::string out;
  std::size_t from = 0;
  for (const Search::Found& one : search.found()) {
    out.append(text, from, one.begin - from);
    out += fmt::format("[{}]", used->label(one.longest.label));
    from = one.end;
  }
  out.append(text, from);
  wipe(text);
  return out;
}

// A run of matches that may go on with what follows stays, and is found again. Of one that has
// become long all but the last match goes: it could grow without end.
Redactor::Found Redactor::find(std::string_view text, bool last) const {
  Found result;
  result.settled = text.size();
  const auto used = automaton();
  if (!used) return result;
  const Search search(*used, text);
  if (!last) result.settled = search.unfinished();
  for (const Search::Found& one : search.found()) {
    if (one.begin >= result.settled) break;
    if (one.end > result.settled)
      result.settled =
          result.settled - one.begin > kLongRun ? std::min(result.settled, one.last) : one.begin;
    if (one.begin < result.settled)
      result.secrets.push_back(
          {one.begin, std::min(one.end, result.settled), used->label(one.longest.label)});
  }
  return result;
}

}  // namespace exai

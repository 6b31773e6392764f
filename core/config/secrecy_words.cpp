// Names and values one at a time; secrecy.cpp looks for them in whole texts.

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "core/base/ascii.hpp"
#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/secrecy.hpp"

namespace exai::config {

namespace {

using Words = std::vector<std::string>;

// In lower case, cut at everything that is no letter or digit, and before a capital in camelCase.
Words words_of(std::string_view name) {
  Words words(1);
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool hump = i > 0 && is_upper(name[i]) && is_lower(name[i - 1]);
    if ((hump || !is_letter_or_digit(name[i])) && !words.back().empty()) words.emplace_back();
    if (is_letter_or_digit(name[i]))
      words.back() += is_upper(name[i]) ? static_cast<char>(name[i] - 'A' + 'a') : name[i];
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

template <std::size_t N>
bool has_any(const Words& words, const std::array<std::string_view, N>& all) {
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& word) { return contains(all, word); });
}

// Words that say which one it is, not what: API_KEY_OLD is a key still.
bool is_addition(std::string_view word) {
  constexpr std::array<std::string_view, 20> kAdditions = {
      "prev", "previous", "old",     "new",       "current", "dev",   "prod",
      "test", "staging",  "default", "value",     "base64",  "b64",   "hex",
      "raw",  "plain",    "primary", "secondary", "backup",  "string"};
  return contains(kAdditions, word) || word.find_first_not_of("0123456789") == word.npos;
}

// A password that may be empty is about passwords; the value is a switch or a number.
constexpr std::array<std::string_view, 19> kAboutIt = {
    "allow", "enable",   "enabled", "disable", "disabled", "use",  "require",
    "is",    "required", "has",     "no",      "skip",     "show", "random",
    "hide",  "generate", "max",     "min",     "public"};

constexpr std::array<std::string_view, 15> kKeysInTheOpen = {
    "pub",   "foreign", "sort",   "partition",   "cache", "routing", "hot",  "shortcut",
    "index", "lookup",  "object", "idempotency", "site",  "map",     "group"};
constexpr std::array<std::string_view, 13> kTokensOfText = {
    "per",   "stop", "eos",   "bos",    "pad",  "unk",  "start",
    "input", "end",  "price", "output", "cost", "count"};
constexpr std::array<std::string_view, 8> kSecretMany = {
    "api", "auth", "access", "secret", "signing", "encryption", "private", "jwt"};

bool is_password_word(std::string_view word) {
  return word.ends_with("password") || word.ends_with("passwd") || word.ends_with("passphrase") ||
         word.ends_with("requirepass") || word == "masterauth" || word == "pw";
}

}  // namespace

bool sounds_secret(std::string_view name) {
  if (name.size() > 256) return false;
  Words words = words_of(name);
  if (words.size() > 2 && words[words.size() - 3] == "secret" && words.back() == "base")
    return true;  // SECRET_KEY_BASE
  while (words.size() > 1 && is_addition(words.back())) words.pop_back();
  if (words.empty() || has_any(words, kAboutIt)) return false;
  const std::string& last = words.back();
  const bool qualified = words.size() > 1;
  if (is_password_word(last) || last.ends_with("secret") || last.ends_with("apikey") ||
      last == "credential" || last == "credentials" || last == "pass")
    return true;
  if (last.ends_with("token")) return !has_any(words, kTokensOfText);
  if (last == "pwd" || last == "salt") return qualified;
  if (last == "key") return qualified && !has_any(words, kKeysInTheOpen);
  if (last == "keys" || last == "tokens" || last == "passwords") return has_any(words, kSecretMany);
  if (last == "auth") return words.front() == "rediscli";
  return last == "cookie" && has_any(words, std::array<std::string_view, 1>{"erlang"});
}

bool sounds_public(std::string_view name) {
  constexpr std::array<std::string_view, 26> kPublic = {
      "sha",   "sha1",   "sha256",      "sha512",   "hash",  "digest",   "commit",
      "id",    "ids",    "uuid",        "checksum", "image", "revision", "version",
      "path",  "dir",    "file",        "folder",   "url",   "uri",      "public",
      "model", "models", "fingerprint", "cert",     "dsn"};
  return has_any(words_of(name), kPublic);
}

double entropy(std::string_view value) {
  std::array<int, 256> counts{};
  for (const char c : value) ++counts.at(static_cast<unsigned char>(c));
  double bits = 0;
  for (const int count : counts) {
    if (count == 0) continue;
    const double share = count / static_cast<double>(value.size());
    bits -= share * std::log2(share);
  }
  return bits;
}

bool looks_random(std::string_view value) {
  if (value.size() < 20 || value.size() > 4096) return false;
  if (value.find_first_of(" ,;:@\\{}()<>\"'$") != value.npos) return false;
  if (value.front() == '/' || value.front() == '.' || value.front() == '~') return false;
  // Words joined by signs have short pieces; so have UUIDs, dates and names of zones and models.
  std::size_t piece = 0;
  std::size_t longest = 0;
  for (const char c : value) {
    piece = is_letter_or_digit(c) || c == '+' || c == '/' || c == '=' ? piece + 1 : 0;
    longest = std::max(longest, piece);
  }
  const auto has = [&](bool (*test)(char32_t)) {
    return std::any_of(value.begin(), value.end(), test);
  };
  return longest >= 16 && has(is_digit) && has(is_letter) && entropy(value) >= 3.5;
}

bool is_placeholder(std::string_view value) {
  const std::string text = to_lower(trim(value));
  if (text.empty()) return false;
  constexpr std::array<std::string_view, 7> kWhole = {"password", "secret", "token",   "todo",
                                                      "none",     "dummy",  "redacted"};
  constexpr std::array<std::string_view, 6> kFirst = {"your_",      "your-",   "test-token",
                                                      "test_token", "insert_", "replace"};
  constexpr std::array<std::string_view, 2> kLast = {"_here", "-here"};
  constexpr std::array<std::string_view, 6> kAnywhere = {"changeme", "change_me", "change-me",
                                                         "example",  "xxxx",      "placeholder"};
  const auto any = [&](const auto& words, const auto& test) {
    return std::any_of(words.begin(), words.end(), test);
  };
  return any(kWhole, [&](std::string_view word) { return text == word; }) ||
         any(kFirst, [&](std::string_view word) { return text.starts_with(word); }) ||
         any(kLast, [&](std::string_view word) { return text.ends_with(word); }) ||
         any(kAnywhere, [&](std::string_view word) { return text.find(word) != text.npos; }) ||
         (text.front() == '<' && text.back() == '>') ||
         (text.size() >= 3 && text.find_first_not_of(text.front()) == text.npos);  // "xxx", "000"
}

namespace {

// "/run/secrets/key", "./key.pem", "C:\key": starts like a path and goes on in names.
bool is_path(std::string_view value) {
  if (value.starts_with("./") || value.starts_with("../") || value.starts_with("~/")) return true;
  if (value.size() > 2 && value[1] == ':' && (value[2] == '\\' || value[2] == '/')) return true;
  const std::size_t second = value.find('/', 1);
  if (value.front() != '/' || second == value.npos || second < 4) return false;
  const std::string_view first = value.substr(1, second - 1);
  return std::all_of(first.begin(), first.end(), is_lower);
}

// $NAME, $$NAME, ${NAME}, ${NAME:?text}
bool is_reference(std::string_view value) {
  std::size_t begin = value.starts_with("$$") ? 2 : value.starts_with('$') ? 1 : 0;
  if (begin == 0 || begin == value.size()) return false;
  const bool braces = value[begin] == '{';
  if (braces && !value.ends_with('}')) return false;
  if (braces) value = value.substr(0, value.size() - 1);
  std::size_t end = begin += braces ? 1 : 0;
  while (end < value.size() && continues_identifier(value[end])) ++end;
  if (end == begin) return false;
  const std::string_view rest = value.substr(end);
  return rest.empty() || (braces && (rest.starts_with(":?") || rest.starts_with('?') ||
                                     rest == ":-" || rest == "-"));
}

}  // namespace

bool is_secret_value(std::string_view value) {
  value = trim(value);
  constexpr std::array<std::string_view, 6> kNothing = {"null", "~",    "nil",
                                                        "none", "auto", "never"};
  const std::string lower = to_lower(value.substr(0, 8));
  return !value.empty() && !parse_bool(value) && !contains(kNothing, lower) && !is_path(value) &&
         !is_reference(value);
}

ByteRange url_password(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == url.npos) return {};
  const std::size_t begin = scheme + 3;
  const std::size_t slash = std::min(url.find_first_of("/?#", begin), url.size());
  std::size_t at = url.substr(0, slash).rfind('@');
  const std::size_t colon = url.find(':', begin);
  if (at == url.npos || at < begin) {
    // A password with a raw slash: something other than a port is between the colon and it.
    if (colon >= slash || std::all_of(url.begin() + static_cast<std::ptrdiff_t>(colon) + 1,
                                      url.begin() + static_cast<std::ptrdiff_t>(slash), is_digit))
      return {};
    at = url.find('@', slash);
    if (at == url.npos) return {};
  }
  if (colon < at) return colon + 1 < at ? ByteRange{colon + 1, at} : ByteRange{};
  return looks_random(url.substr(begin, at - begin)) ? ByteRange{begin, at} : ByteRange{};
}

}  // namespace exai::config

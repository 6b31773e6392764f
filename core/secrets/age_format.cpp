#include "core/secrets/age_format.hpp"

#include <algorithm>

#include "core/base/ascii.hpp"
#include "core/base/base64.hpp"
#include "core/base/text.hpp"

namespace exai::secrets {

namespace {

constexpr std::string_view kVersion = "age-encryption.org/v1";
constexpr std::string_view kArmor = "-----BEGIN AGE ENCRYPTED FILE-----";
constexpr std::string_view kStanza = "-> ";
constexpr std::string_view kEnd = "---";
constexpr std::size_t kColumns = 64;
constexpr std::size_t kLongestHeader = 64U << 10U;
constexpr std::size_t kMostStanzas = 1024;

// Line by line over the header, which must end long before the file does.
class Lines {
 public:
  explicit Lines(std::string_view file) : text_(file.substr(0, kLongestHeader)) {}

  Result<std::string_view> next() {
    const std::size_t end = text_.find('\n', at_);
    if (end == std::string_view::npos)
      return fail(Errc::invalid, "the age header has no end: line {} is cut off or too long",
                  number_ + 1);
    const std::string_view line = text_.substr(at_, end - at_);
    begin_ = at_;
    at_ = end + 1;
    ++number_;
    return line;
  }
  std::size_t number() const { return number_; }
  std::size_t begin() const { return begin_; }  // of the last line
  std::size_t after() const { return at_; }

 private:
  std::string_view text_;
  std::size_t begin_ = 0;
  std::size_t at_ = 0;
  std::size_t number_ = 0;
};

tl::unexpected<Error> wrong(const Lines& lines, std::string_view what) {
  return fail(Errc::invalid, "line {} of the age header {}", lines.number(), what);
}

Result<std::vector<std::string>> parse_arguments(const Lines& lines, std::string_view text) {
  std::vector<std::string> arguments = split(text, ' ');
  const auto is_visible = [](const std::string& word) {
    return !word.empty() &&
           std::all_of(word.begin(), word.end(), [](char c) { return c > ' ' && c < '\x7F'; });
  };
  if (!std::all_of(arguments.begin(), arguments.end(), is_visible))
    return wrong(lines, "has a word that is empty or not ASCII");
  return arguments;
}

// The first line of fewer than 64 characters is the last one.
Result<std::string> parse_body(Lines& lines) {
  std::string text;
  for (;;) {
    TRY(line, lines.next());
    if (line.size() > kColumns) return wrong(lines, "is longer than 64 characters");
    text += line;
    if (line.size() < kColumns) break;
  }
  auto body = from_base64(text);
  if (!body) return wrong(lines, "ends what is not base64");
  return body;
}

Result<Bytes32> parse_mac(const Lines& lines, std::string_view line) {
  Bytes32 mac{};
  if (line.size() < kEnd.size() + 2 || line[kEnd.size()] != ' ') return wrong(lines, "has no MAC");
  const auto bytes = from_base64(line.substr(kEnd.size() + 1));
  if (!bytes || bytes->size() != mac.size()) return wrong(lines, "has a MAC that is not 32 bytes");
  std::copy(bytes->begin(), bytes->end(), mac.begin());
  return mac;
}

tl::unexpected<Error> no_age_file(std::string_view file) {
  if (trim(file.substr(0, 256)).starts_with(kArmor))
    return fail(Errc::invalid,
                "the age file is armored (text); make it without: age without -a, or "
                "age -d FILE | age -R recipients.txt -o FILE.age");
  if (file.starts_with("age-encryption.org/"))
    return fail(Errc::invalid, "another version of age wrote this file: {}",
                printable(file.substr(0, std::min(file.find('\n'), std::size_t{40}))));
  return fail(Errc::invalid, "this is no age file");
}

}  // namespace

Result<Header> parse_header(std::string_view file) {
  if (!file.starts_with(kVersion) || file.substr(kVersion.size(), 1) != "\n")
    return no_age_file(file);
  Lines lines(file);
  if (const auto version = lines.next(); !version) return fail(version.error());
  Header header;
  for (;;) {
    TRY(line, lines.next());
    if (line.starts_with(kEnd)) {
      TRY(mac, parse_mac(lines, line));
      header.mac = mac;
      break;
    }
    if (!line.starts_with(kStanza)) return wrong(lines, "is no stanza");
    if (header.stanzas.size() == kMostStanzas) return wrong(lines, "is one recipient too many");
    Stanza stanza;
    TRY(arguments, parse_arguments(lines, line.substr(kStanza.size())));
    stanza.arguments = std::move(arguments);
    TRY(body, parse_body(lines));
    stanza.body = std::move(body);
    header.stanzas.push_back(std::move(stanza));
  }
  if (header.stanzas.empty()) return wrong(lines, "comes before any recipient");
  header.signed_text = file.substr(0, lines.begin() + kEnd.size());
  header.payload = file.substr(lines.after());
  return header;
}

std::string header_text(const std::vector<Stanza>& stanzas) {
  std::string text(kVersion);
  for (const Stanza& stanza : stanzas) {
    text += "\n-> " + join(stanza.arguments, " ") + "\n";
    const std::string body = to_base64(stanza.body);
    for (std::size_t at = 0; at < body.size(); at += kColumns) {
      text += body.substr(at, kColumns);
      if (at + kColumns <= body.size()) text += '\n';  // a full line is never the last one
    }
  }
  text += '\n';
  text += kEnd;
  return text;
}

// --- Bech32 (BIP 173), without its limit of 90 characters ---

namespace {

constexpr std::string_view kBech32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::size_t kChecksum = 6;

std::uint32_t polymod(std::uint32_t state, std::uint32_t value) {
  constexpr std::array<std::uint32_t, 5> kGenerator = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa,
                                                       0x3d4233dd, 0x2a1462b3};
  const std::uint32_t top = state >> 25U;
  state = (state & 0x1ffffffU) << 5U ^ value;
  for (std::size_t i = 0; i < kGenerator.size(); ++i)
    if ((top >> i & 1U) != 0) state ^= kGenerator[i];
  return state;
}

std::uint32_t checksum_of_prefix(std::string_view prefix) {
  std::uint32_t state = 1;
  for (const char c : prefix) state = polymod(state, static_cast<unsigned char>(c) >> 5U);
  state = polymod(state, 0);
  for (const char c : prefix) state = polymod(state, static_cast<unsigned char>(c) & 31U);
  return state;
}

}  // namespace

std::string to_bech32(std::string_view prefix, std::string_view bytes) {
  std::string text = std::string(prefix) + "1";
  std::uint32_t state = checksum_of_prefix(prefix);
  unsigned bits = 0;
  int count = 0;
  const auto put = [&](unsigned value) {
    state = polymod(state, value);
    text += kBech32[value];
  };
  for (const char c : bytes) {
    bits = bits << 8U | static_cast<unsigned char>(c);
    for (count += 8; count >= 5; count -= 5) put(bits >> (count - 5) & 31U);
  }
  if (count > 0) put(bits << (5 - count) & 31U);
  for (std::size_t i = 0; i < kChecksum; ++i) state = polymod(state, 0);
  state ^= 1U;
  for (std::size_t i = 0; i < kChecksum; ++i) text += kBech32[state >> 5U * (5 - i) & 31U];
  return text;
}

Result<std::string> from_bech32(std::string_view prefix, std::string_view text) {
  const std::string lower = to_lower(text);
  const bool mixed = std::any_of(text.begin(), text.end(), is_lower) &&
                     std::any_of(text.begin(), text.end(), is_upper);
  const std::string head = std::string(prefix) + "1";
  if (!lower.starts_with(head)) return fail(Errc::invalid, "it does not begin with {}", head);
  if (mixed) return fail(Errc::invalid, "small and capital letters are mixed");
  const std::string_view data = std::string_view(lower).substr(head.size());
  if (data.size() < kChecksum) return fail(Errc::invalid, "it is too short");
  std::uint32_t state = checksum_of_prefix(prefix);
  std::string bytes;
  unsigned bits = 0;
  int count = 0;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const std::size_t value = kBech32.find(data[i]);
    if (value == std::string_view::npos)
      return fail(Errc::invalid, "it has a character that no key has");
    state = polymod(state, static_cast<std::uint32_t>(value));
    if (i + kChecksum >= data.size()) continue;
    bits = bits << 5U | static_cast<unsigned>(value);
    count += 5;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 255U);
  }
  if (state != 1) return fail(Errc::invalid, "its checksum is wrong: a character was changed");
  if (count >= 5 || (bits & ((1U << count) - 1U)) != 0)
    return fail(Errc::invalid, "bits are left over");
  return bytes;
}

}  // namespace exai::secrets

#include "core/config/compose_parts.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/ascii.hpp"
#include "core/base/text.hpp"

namespace exai::config {

namespace {

std::optional<int> parse_port_number(std::string_view text) {
  const auto value = parse_integer(text);
  if (!value || text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
  if (*value < 0 || *value > 65535) return std::nullopt;
  return static_cast<int>(*value);
}

// The colon in front of the container's port, and the one in front of the host's.
struct PortColons {
  std::size_t container = std::string_view::npos;
  std::size_t host = std::string_view::npos;
};

PortColons port_colons(std::string_view text) {
  PortColons colons;
  colons.container = text.rfind(':');
  if (colons.container == text.npos || colons.container == 0) return colons;
  const std::size_t bracket = text.rfind(']');
  const std::size_t host = text.rfind(':', colons.container - 1);
  if (host != text.npos && (bracket == text.npos || host > bracket)) colons.host = host;
  return colons;
}

bool fits(const PortRange& host, const PortRange& container) {
  return container.first == container.last ||
         host.last - host.first == container.last - container.first;
}

}  // namespace

Span part_of(const Span& whole, std::string_view value, std::size_t begin, std::size_t end) {
  if (!whole || whole.begin.line != whole.end.line) return whole;
  const std::size_t width = whole.end.column - whole.begin.column;
  const std::size_t length = code_points(value);
  if (width != length && width != length + 2) return whole;
  const auto shift = static_cast<std::uint32_t>(width == length ? 0 : 1);
  const auto column = [&](std::size_t at) {
    return whole.begin.column + shift +
           static_cast<std::uint32_t>(code_points(value.substr(0, at)));
  };
  const std::uint32_t line = whole.begin.line;
  return {whole.source, {line, column(begin)}, {line, column(end)}};
}

std::optional<PortRange> parse_port_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = parse_port_number(text.substr(0, dash));
  const auto last = dash == text.npos ? first : parse_port_number(text.substr(dash + 1));
  if (!first || !last || *last < *first) return std::nullopt;
  return PortRange{*first, *last};
}

std::optional<ComposePort> parse_compose_port(std::string_view text, const Span& whole) {
  ComposePort port;
  port.span = port.host_span = whole;
  const std::size_t slash = text.rfind('/');
  const std::string_view ports = text.substr(0, slash);
  if (slash != text.npos) port.protocol = to_lower(text.substr(slash + 1));
  if (port.protocol != "tcp" && port.protocol != "udp" && port.protocol != "sctp")
    return std::nullopt;
  const PortColons colons = port_colons(ports);
  const std::size_t container = colons.container == ports.npos ? 0 : colons.container + 1;
  const auto range = parse_port_range(ports.substr(container));
  if (!range || range->first == 0) return std::nullopt;
  port.container = *range;
  port.container_span = part_of(whole, text, container, ports.size());
  if (container == 0) return port;

  const std::size_t host = colons.host == ports.npos ? 0 : colons.host + 1;
  const std::string_view published = ports.substr(host, colons.container - host);
  if (!published.empty()) {
    port.host = parse_port_range(published);
    if (!port.host || !fits(*port.host, port.container)) return std::nullopt;
    port.host_span = part_of(whole, text, host, colons.container);
  }
  if (host > 0) port.host_ip = std::string(ports.substr(0, colons.host));
  if (port.host_ip.starts_with('[') && port.host_ip.ends_with(']'))
    port.host_ip = port.host_ip.substr(1, port.host_ip.size() - 2);
  const bool v4 = port.host_ip.find_first_not_of("0123456789.") == std::string::npos;
  const bool v6 = port.host_ip.find_first_not_of("0123456789abcdefABCDEF:.") == std::string::npos;
  if (!v4 && !v6) return std::nullopt;
  return port;
}

bool is_host_path(std::string_view source) {
  if (source.empty()) return false;
  if (source[0] == '.' || source[0] == '/' || source[0] == '~') return true;
  if (source.starts_with("\\\\")) return true;
  return source.size() > 1 && is_letter(source[0]) && source[1] == ':';
}

std::optional<ComposeMount> parse_compose_mount(std::string_view text, const Span& whole) {
  std::vector<std::pair<std::size_t, std::size_t>> parts;  // begin, end
  for (std::size_t begin = 0, at = 0; at <= text.size(); ++at) {
    if (at < text.size() && text[at] != ':') continue;
    const bool drive = at < text.size() && at - begin == 1 && is_letter(text[begin]);
    if (drive) continue;
    if (at == begin) return std::nullopt;
    parts.emplace_back(begin, at);
    begin = at + 1;
  }
  if (parts.empty() || parts.size() > 3) return std::nullopt;
  const auto part = [&](std::size_t i) {
    return std::string(text.substr(parts[i].first, parts[i].second - parts[i].first));
  };
  const auto span = [&](std::size_t i) {
    return part_of(whole, text, parts[i].first, parts[i].second);
  };
  ComposeMount mount;
  mount.span = mount.source_span = whole;
  const std::size_t target = parts.size() == 1 ? 0 : 1;
  if (target == 1) {
    mount.source = part(0);
    mount.source_span = span(0);
  }
  mount.target = part(target);
  mount.target_span = span(target);
  mount.type = is_host_path(mount.source) ? "bind" : "volume";
  if (parts.size() == 3)
    for (const std::string& option : split(part(2), ','))
      if (option == "ro" || option == "rw") mount.read_only = option == "ro";
  return mount;
}

std::optional<Duration> parse_compose_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    double milliseconds;
  };
  static constexpr std::array<Unit, 9> kUnits = {{{"ns", 1e-6},
                                                  {"us", 1e-3},
                                                  {"µs", 1e-3},
                                                  {"ms", 1},
                                                  {"s", 1e3},
                                                  {"m", 6e4},
                                                  {"h", 3.6e6},
                                                  {"d", 8.64e7},
                                                  {"w", 6.048e8}}};
  if (text == "0") return Duration(0);
  double sum = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const auto number = parse_number(text.substr(0, digits));
    if (digits == 0 || !number) return std::nullopt;
    text.remove_prefix(digits);
    const std::size_t length = std::min(text.find_first_of("0123456789."), text.size());
    const auto unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& candidate) {
      return candidate.name == text.substr(0, length);
    });
    if (unit == kUnits.end()) return std::nullopt;
    sum += *number * unit->milliseconds;
    text.remove_prefix(length);
  }
  if (sum > 1e15) return std::nullopt;
  // Less than a millisecond is still more than nothing.
  return Duration(static_cast<Duration::rep>(std::ceil(sum)));
}

std::optional<std::uint64_t> parse_compose_size(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = parse_number(text.substr(0, digits));
  if (digits == 0 || !number) return std::nullopt;
  std::string unit = to_lower(text.substr(digits));
  if (unit.starts_with(' ')) unit.erase(0, 1);
  constexpr std::string_view kUnits = "kmgtp";
  double factor = 1;
  if (const std::size_t power = unit.empty() ? kUnits.npos : kUnits.find(unit[0]);
      power != kUnits.npos) {
    factor = std::pow(1024.0, static_cast<double>(power + 1));
    unit.erase(0, 1);
    if (unit.starts_with('i')) unit.erase(0, 1);
  }
  if (unit != "" && unit != "b") return std::nullopt;
  const double bytes = *number * factor;
  if (bytes > 9e18) return std::nullopt;
  return static_cast<std::uint64_t>(bytes);
}

std::optional<std::vector<std::string>> split_command(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = '\0';
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quote == '\0' && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) {
      if (in_word) words.push_back(std::exchange(word, {}));
      in_word = false;
      continue;
    }
    in_word = true;
    if (quote != '\'' && c == '\\' && at + 1 < text.size()) {
      const char next = text[at + 1];
      if (quote == '"' && next != '"' && next != '\\' && next != '$' && next != '`') word += c;
      word += next;
      ++at;
    } else if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote && quote != '\0') {
      quote = '\0';
    } else {
      word += c;
    }
  }
  if (quote != '\0') return std::nullopt;
  if (in_word) words.push_back(std::move(word));
  return words;
}

}  // namespace exai::config

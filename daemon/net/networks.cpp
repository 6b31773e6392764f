#include "daemon/net/networks.hpp"

#include <boost/asio/ip/address.hpp>
#include <optional>

#include "core/base/text.hpp"

namespace exai::net {

namespace {

namespace ip = boost::asio::ip;

std::optional<ip::address_v6> parsed(std::string_view text, bool& is_v4) {
  boost::system::error_code error;
  const auto address = ip::make_address(trim(text), error);
  if (error) return std::nullopt;
  is_v4 = address.is_v4();
  if (is_v4) return ip::make_address_v6(ip::v4_mapped, address.to_v4());
  return ip::address_v6(address.to_v6().to_bytes());  // without a scope
}

bool same_prefix(const std::array<unsigned char, 16>& a, const std::array<unsigned char, 16>& b,
                 unsigned bits) {
  for (unsigned i = 0; i < 16 && i * 8 < bits; ++i) {
    const unsigned left = bits - i * 8;
    const unsigned mask = left >= 8 ? 0xffU : 0xffU & (0xffU << (8 - left));
    if ((a[i] & mask) != (b[i] & mask)) return false;
  }
  return true;
}

}  // namespace

bool Networks::parse(std::string_view text, Bytes& bytes, bool& is_v4) {
  const auto address = parsed(text, is_v4);
  if (!address) return false;
  bytes = address->to_bytes();
  return true;
}

Result<Networks> Networks::parse(const std::vector<std::string>& networks) {
  Networks all;
  for (const std::string& text : networks) {
    const std::size_t slash = text.find('/');
    Network network{};
    bool is_v4 = false;
    const bool known = parse(std::string_view(text).substr(0, slash), network.bytes, is_v4);
    const std::int64_t widest = is_v4 ? 32 : 128;
    const auto bits =
        slash == std::string::npos ? widest : parse_integer(text.substr(slash + 1)).value_or(-1);
    if (!known || bits < 0 || bits > widest)
      return fail(Errc::invalid, "\"{}\" is no network; write 172.17.0.0/16 or fd00::/8",
                  printable(text));
    network.bits = static_cast<unsigned>(is_v4 ? bits + 96 : bits);
    all.networks_.push_back(network);
  }
  return all;
}

bool Networks::contains(std::string_view address) const {
  bool is_v4 = false;
  Bytes bytes{};
  return parse(address, bytes, is_v4) && contains(bytes);
}

bool Networks::contains(const Bytes& address) const {
  const ip::address_v6 one(address);
  if (one.is_loopback() ||
      (one.is_v4_mapped() && ip::make_address_v4(ip::v4_mapped, one).is_loopback()))
    return true;
  for (const Network& network : networks_)
    if (same_prefix(address, network.bytes, network.bits)) return true;
  return false;
}

std::string Networks::client_of(std::string_view peer, std::string_view forwarded_for) const {
  if (forwarded_for.empty() || !contains(peer)) return std::string(peer);
  std::string client(peer);
  const auto hops = split(forwarded_for, ',');
  for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
    bool is_v4 = false;
    const auto address = parsed(*hop, is_v4);
    if (!address) break;  // nobody knows what that is, nor what stands before it
    client = std::string(trim(*hop));
    if (!contains(client)) break;
  }
  return client;
}

std::string Networks::limit_key(std::string_view address) const {
  bool is_v4 = false;
  Bytes bytes{};
  if (!parse(address, bytes, is_v4) || contains(bytes)) return {};
  const ip::address_v6 one(bytes);
  if (one.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, one).to_string();
  for (std::size_t i = 8; i < bytes.size(); ++i) bytes[i] = 0;
  return ip::address_v6(bytes).to_string() + "/64";
}

}  // namespace exai::net

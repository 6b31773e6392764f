#pragma once
// Which addresses stand for many clients: loopback always, and the proxies and NAT gateways of the
// configuration. Pure.
//
// Such an address is no client: it has no limits of its own, and X-Forwarded-For is believed from
// it. Of that list counts the last address that is not itself trusted, since those before it are
// whatever the client liked to write.

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"

namespace exai::net {

class Networks {
 public:
  Networks() = default;  // loopback alone
  // "172.17.0.0/16", "fd00::/8", "10.0.0.7". Errors: invalid, with the word that is none.
  static Result<Networks> parse(const std::vector<std::string>& networks);

  bool contains(std::string_view address) const;
  // The client behind a connection from `peer`.
  std::string client_of(std::string_view peer, std::string_view forwarded_for) const;
  // What limits for one address count by: the address, of IPv6 its /64; empty: it has none.
  std::string limit_key(std::string_view address) const;

 private:
  using Bytes = std::array<unsigned char, 16>;  // IPv4 as ::ffff:a.b.c.d
  struct Network {
    Bytes bytes;
    unsigned bits;
  };
  static bool parse(std::string_view text, Bytes& bytes, bool& is_v4);
  bool contains(const Bytes& address) const;
  std::vector<Network> networks_;
};

}  // namespace exai::net

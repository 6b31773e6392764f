#include "daemon/net/networks.hpp"

#include <catch2/catch.hpp>

using exai::net::Networks;

TEST_CASE("addresses that stand for many: loopback, and the networks of the configuration") {
  const auto networks = Networks::parse({"172.17.0.0/16", "fd00::/8", "10.0.0.7"}).value();
  const auto [address, contained] = GENERATE(table<std::string, bool>({
      {"127.0.0.1", true},
      {"127.8.9.1", true},
      {"::1", true},
      {"::ffff:127.0.0.1", true},
      {"172.17.255.1", true},
      {"::ffff:172.17.0.1", true},
      {"172.18.0.1", false},
      {"fd12::1", true},
      {"fe80::1", false},
      {"10.0.0.7", true},
      {"10.0.0.8", false},
      {"gone", false},
      {"", false},
  }));
  CAPTURE(address);
  CHECK(networks.contains(address) == contained);
}

TEST_CASE("what is no network is refused") {
  for (const auto* text : {"x", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "fd00::/129", "/8"})
    CHECK_FALSE(Networks::parse({text}));
  CHECK(Networks::parse({"10.0.0.0/33"}).error().message() ==
        "\"10.0.0.0/33\" is no network; write 172.17.0.0/16 or fd00::/8");
}

TEST_CASE("X-Forwarded-For is believed from those alone, and from the right") {
  const auto networks = Networks::parse({"10.0.0.0/8"}).value();
  const auto [peer, forwarded, client] = GENERATE(table<std::string, std::string, std::string>({
      {"10.0.0.1", "203.0.113.9", "203.0.113.9"},
      {"10.0.0.1", "", "10.0.0.1"},
      {"203.0.113.1", "198.51.100.1", "203.0.113.1"},
      {"10.0.0.1", "1.1.1.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"},
      {"10.0.0.1", "1.1.1.1, nonsense, 10.0.0.2", "10.0.0.2"},
      {"10.0.0.1", "nonsense", "10.0.0.1"},
      {"127.0.0.1", "203.0.113.9", "203.0.113.9"},
  }));
  CHECK(networks.client_of(peer, forwarded) == client);
}

TEST_CASE("limits count by address, of IPv6 by network, and not for those who stand for many") {
  const auto networks = Networks::parse({"10.0.0.0/8"}).value();
  CHECK(networks.limit_key("203.0.113.9") == "203.0.113.9");
  CHECK(networks.limit_key("::ffff:203.0.113.9") == "203.0.113.9");
  CHECK(networks.limit_key("2001:db8::1") == networks.limit_key("2001:db8::2"));
  CHECK(networks.limit_key("2001:db8:0:1::1") != networks.limit_key("2001:db8::2"));
  CHECK(networks.limit_key("10.1.2.3").empty());
  CHECK(networks.limit_key("::1").empty());
}

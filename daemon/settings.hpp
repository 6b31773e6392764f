#pragma once
// exaid's options as typed values. settings.cpp is the only place of the daemon that names options;
// what the table lists for exaid and what is read here are compared by a test. A value, fixed for
// the life of the process.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/config/options.hpp"
#include "daemon/providers/openai.hpp"
#include "daemon/store/store.hpp"

namespace exai {

struct Settings {
  // Where a server listens, and the option to change when its port is taken.
  struct Listen {
    std::string host;
    std::uint16_t port = 0;
    std::string port_option;
  };

  std::string environment;
  std::string timezone;
  LogOptions log;

  Listen mcp;
  Secret token;
  std::size_t max_message_bytes = 0;
  std::size_t max_connections = 0;
  std::size_t max_sessions = 0;
  Duration session_idle{};
  Duration websocket_ping{};
  Duration shutdown_timeout{};

  Listen health;
  Listen metrics;

  std::optional<store::RedisOptions> redis;            // none: memory
  std::vector<providers::ProviderSettings> providers;  // those that are switched on
  std::string default_model;

  std::vector<std::pair<std::string, Secret>> secrets;  // all that are set, for the log's redactor
};

Settings read_settings(config::OptionReader& options);

// What no single option shows: two servers on one port.
config::Diagnostics check(const Settings& settings);

}  // namespace exai

#pragma once
// exaid's options as typed values. settings.cpp is the only place of the daemon that names options;
// the build fails when the table lists something else for exaid than is read here. A value, fixed
// for the life of the process.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/os.hpp"
#include "core/base/time.hpp"
#include "core/base/tls.hpp"
#include "core/config/option_reader.hpp"
#include "daemon/auth_settings.hpp"
#include "daemon/health.hpp"
#include "daemon/mcp/exai_session.hpp"
#include "daemon/net/admission.hpp"
#include "daemon/providers/openai.hpp"
#include "daemon/providers/retry.hpp"
#include "daemon/store/files.hpp"
#include "daemon/store/store.hpp"
#include "daemon/tools/selection.hpp"
#include "daemon/tools/tools.hpp"

namespace exai {

// Where the options of authentication come from, to be read again while exaid runs.
struct AuthSource {
  Environment given;        // of those options alone
  std::vector<Path> files;  // that NAME_FILE names
};
struct AuthReading {
  AuthSettings settings;
  std::vector<std::pair<std::string, Secret>> secrets;
};

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

  std::optional<TlsFiles> tls;  // none: clear text
  enum class TlsPorts { mcp, all } tls_ports = TlsPorts::mcp;

  Listen mcp;
  AuthSettings auth;
  AuthSource auth_source;
  std::size_t max_message_bytes = 0;
  std::size_t max_bytes_in_flight = 0;
  std::size_t max_connections = 0;
  std::size_t max_sessions = 0;
  Duration session_idle{};
  std::vector<std::string> allowed_origins;
  std::size_t max_per_address = 0;
  std::vector<std::string> trusted_proxies;
  net::AdmissionOptions admission;
  mcp::ExaiOptions exai;
  Duration websocket_ping{};
  Duration websocket_pong{};
  Duration tool_limit{};
  Duration call_limit{};
  Duration shutdown_timeout{};

  Listen health;
  Listen metrics;
  health::Thresholds thresholds;
  bool degraded_is_503 = false;

  std::optional<store::RedisOptions> redis;            // none: memory
  std::vector<providers::ProviderSettings> providers;  // those that are switched on
  std::string default_model;
  providers::RetrySettings retry;
  tools::ConversationLimits conversations;
  providers::ProviderSettings glm;  // also when it is off
  tools::Selection tools;
  bool experts_by_default = false;
  std::vector<std::string> file_roots;
  Path files;  // the folder that keeps them; empty: none are kept
  store::FileLimits file_limits;
  Path downloads;                                // empty: nothing is written
  std::vector<tools::Host::OptionView> options;  // all of them, as they may be shown
  // From the command line: main.cpp.
  bool conformance_fixtures = false;
  bool stdio = false;  // instead of ports
  // From whoever runs this daemon, if exai does: core/workspace/environment.hpp.
  std::string control_socket;
  std::string own_service;

  std::vector<std::pair<std::string, Secret>> secrets;  // all that are set, for the log's redactor
};

Settings read_settings(config::OptionReader& options);
// The file that NAME_FILE names.
Result<std::string> read_option_file(const Path& path);
// Errors: invalid, the first thing that is wrong; never with a secret.
Result<AuthReading> read_auth(const AuthSource& source);
// What exai gives to its services: who they are, and where their supervisor is asked; and from
// where the options of authentication come.
void read_surroundings(const Environment& given, Settings& settings);

// What only this program can say of its options: two servers on one port, tools that there are not.
// Rules of the table are the reader's.
config::Diagnostics check(const Settings& settings);

}  // namespace exai

#include "daemon/daemon.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "core/base/http.hpp"
#include "core/base/proc.hpp"
#include "core/base/spawn.hpp"
#include "core/base/text.hpp"
#include "core/base/url.hpp"
#include "core/base/version.hpp"
#include "daemon/auth_reload.hpp"
#include "daemon/endpoints.hpp"
#include "daemon/fixtures/fixtures.hpp"
#include "daemon/health.hpp"
#include "daemon/instruments.hpp"
#include "daemon/net/stdio.hpp"
#include "daemon/stack_link.hpp"
#include "daemon/tools/registry.hpp"

namespace exai {
namespace {

using ServerPtr = std::unique_ptr<net::Server>;

constexpr Duration kFarewell = 1s;  // for answers on their way, once nothing runs any more

std::string describe(const Listener& listener) {
  if (listener.pid == 0) return "a program of another user";
  return fmt::format("{} (pid {})", listener.program, listener.pid);
}

Error port_taken(const Settings::Listen& listen) {
  const std::vector<Listener> owners = listeners_on({listen.port});
  const std::string owner = owners.empty() ? "another program" : describe(owners.front());
  const std::string stop = owners.empty() || owners.front().pid == 0
                               ? "stop that program"
                               : fmt::format("stop it (kill {})", owners.front().pid);
  return {Errc::conflict, fmt::format("port {} is in use by {}: {}, or set {} to a free port",
                                      listen.port, owner, stop, listen.port_option)};
}

std::unique_ptr<store::Store> make_store(Loop& loop, Clock& clock, const Log& log,
                                         const Settings& settings, telemetry::Metrics& metrics) {
  auto store = settings.redis ? store::make_redis_store(loop, clock, log.with("part", "store"),
                                                        *settings.redis)
                              : store::make_memory_store(clock);
  return store::make_measured_store(std::move(store), clock, metrics);
}

// check() has seen that it parses.
net::Networks trusted(const Settings& settings) {
  return net::Networks::parse(settings.trusted_proxies).value_or(net::Networks());
}

net::McpOptions mcp_options(const Settings& settings) {
  net::McpOptions options;
  options.server.name = "exaid";
  options.server.title = "EXAI";
  options.server.version = kVersion;
  options.server.instructions =
      "status says what is true of this server; listmodels which models chat can use.";
  options.address = settings.mcp.host;
  options.gate = gate_options(settings.auth);
  options.oauth = oauth_options(settings.auth);
  options.max_sessions = settings.max_sessions;
  options.session_idle = settings.session_idle;
  options.allowed_origins = settings.allowed_origins;
  options.admission = settings.admission;
  options.exai = settings.exai;
  options.trusted = trusted(settings);
  options.call_limit = settings.call_limit;
  options.tool_limit = settings.tool_limit;
  options.keep_results = settings.exai.keep_results;
  return options;
}

}  // namespace

// In the order in which they are built; destroyed the other way round.
struct Daemon::Parts final : tools::Host {
  Parts(Loop& loop_, Clock& clock_, Log log_, Redactor& redactor_, Settings settings_)
      : loop(loop_),
        clock(clock_),
        log(std::move(log_)),
        redactor(redactor_),
        settings(std::move(settings_)),
        started(clock.now()),
        signals(loop, {SIGTERM, SIGINT}),
        instruments(metrics, clock, settings.environment),
        api_metrics(metrics),
        http(loop),
        store(make_store(loop, clock, log, settings, metrics)),
        providers(make_providers()),
        router(borrowed(providers), settings.default_model),
        monitor(clock, log.with("part", "health"), *store, router, settings.thresholds),
        link(make_link()),
        disk(loop, "files"),
        allowed_files(disk, settings.file_roots),
        files(make_files()),
        registry({clock, *store, router, *this, settings.conversations, settings.experts_by_default,
                  settings.glm, &allowed_files, files.get(), settings.downloads},
                 settings.tool_limit, settings.tools),
        fixtures(settings.conformance_fixtures
                     ? std::make_unique<fixtures::Fixtures>(clock, registry)
                     : nullptr),
        mcp(loop, clock, log.with("part", "mcp"), source(), mcp_options(settings), instruments),
        health_endpoint(monitor, instruments, clock,
                        settings.degraded_is_503 ? Degraded::is_503 : Degraded::is_200),
        metrics_endpoint(metrics, instruments, clock),
        background(loop, log) {
    metrics.before_exposition([this] { count_clients(); });
    monitor.watch_permits([this] { return permits(); });
  }

  Facts facts() override;
  mcp::Source& source() {
    if (fixtures) return *fixtures;
    return registry;
  }
  json::object health() override { return monitor.to_json(monitor.everything()); }
  const std::vector<OptionView>& options() override { return settings.options; }
  tools::Stack* stack() override { return link.get(); }
  std::string redact(std::string text) override { return redactor.redact(std::move(text)); }

  std::unique_ptr<StackLink> make_link();
  std::unique_ptr<store::FileStore> make_files() {
    if (settings.files.empty()) return nullptr;
    return store::make_local_files(disk, clock, settings.files, settings.file_limits);
  }
  std::vector<std::unique_ptr<providers::Provider>> make_providers();
  static std::vector<providers::Provider*> borrowed(
      const std::vector<std::unique_ptr<providers::Provider>>& owned);
  void watch_auth();
  Result<> listen();
  Result<ServerPtr> open(const Settings::Listen& address, net::Handler& handler);
  void announce() const;
  void count_clients();
  health::Permits permits() const;
  Task<> serve_until_asked();
  Task<> stop_signal();
  Task<> end_on_second_signal();
  Task<> shut_down();

  Loop& loop;
  Clock& clock;
  Log log;
  Redactor& redactor;
  Settings settings;
  Time started;
  Signals signals;
  telemetry::Metrics metrics;
  Instruments instruments;
  providers::ApiMetrics api_metrics;
  HttpClient http;
  std::unique_ptr<store::Store> store;
  std::vector<std::unique_ptr<providers::Provider>> providers;
  providers::Router router;
  health::Monitor monitor;
  std::unique_ptr<StackLink> link;  // none: nobody supervises us
  Island disk;
  store::AllowedFiles allowed_files;
  std::unique_ptr<store::FileStore> files;  // none: nowhere to keep them
  tools::Registry registry;
  std::unique_ptr<fixtures::Fixtures> fixtures;
  net::McpEndpoint mcp;
  HealthEndpoint health_endpoint;
  MetricsEndpoint metrics_endpoint;
  TaskGroup background;
  std::unique_ptr<TlsServer> tls;    // none: clear text
  std::unique_ptr<AuthReload> auth;  // none: nothing of it comes from files
  ServerPtr mcp_server;
  ServerPtr health_server;
  ServerPtr metrics_server;
  std::unique_ptr<net::Stdio> stdio;
};

tools::Host::Facts Daemon::Parts::facts() {
  const net::McpEndpoint::Counts counts = mcp.counts();
  Facts facts;
  facts.environment = settings.environment;
  facts.timezone = settings.timezone;
  facts.uptime = std::chrono::duration_cast<Duration>(clock.now() - started);
  facts.http_sessions = counts.http_sessions;
  facts.websocket_sessions = counts.websocket_sessions;
  facts.calls_in_flight = counts.calls_in_flight;
  facts.calls_total = instruments.calls_total();
  facts.calls_failed = instruments.calls_failed();
  return facts;
}

std::unique_ptr<StackLink> Daemon::Parts::make_link() {
  if (settings.control_socket.empty()) return nullptr;
  return std::make_unique<StackLink>(loop, settings.control_socket, settings.own_service);
}

std::vector<std::unique_ptr<providers::Provider>> Daemon::Parts::make_providers() {
  std::vector<std::unique_ptr<providers::Provider>> made;
  for (const providers::ProviderSettings& provider : settings.providers)
    made.push_back(providers::make_retrying_provider(
        providers::make_openai_provider(http, clock, api_metrics, provider), clock,
        log.with("provider", provider.name), settings.retry));
  return made;
}

std::vector<providers::Provider*> Daemon::Parts::borrowed(
    const std::vector<std::unique_ptr<providers::Provider>>& owned) {
  std::vector<providers::Provider*> borrowed;
  for (const auto& provider : owned) borrowed.push_back(provider.get());
  return borrowed;
}

void Daemon::Parts::watch_auth() {
  auth = std::make_unique<AuthReload>(loop, clock, log.with("part", "auth"), settings.auth_source,
                                      settings.auth, redactor,
                                      [this](const AuthSettings& before, const AuthSettings& now) {
                                        mcp.renew_gate(gate_options(before), gate_options(now));
                                      });
  monitor.watch_keys([this] { return auth->component(); });
}

Result<> Daemon::Parts::listen() {
  if (settings.stdio) {
    TRY(opened, net::Stdio::open(loop, log.with("part", "stdio"), mcp, settings.max_message_bytes));
    stdio = std::move(opened);
    return {};
  }
  if (settings.tls) {
    TRY(opened, TlsServer::open(loop, clock, log.with("part", "tls"), *settings.tls));
    tls = std::move(opened);
  }
  if (!settings.auth_source.files.empty()) watch_auth();
  const auto open_into = [this](ServerPtr& server, const Settings::Listen& address,
                                net::Handler& handler) -> Result<> {
    TRY(opened, open(address, handler));
    server = std::move(opened);
    return {};
  };
  return open_into(mcp_server, settings.mcp, mcp)
      .and_then([&] { return open_into(health_server, settings.health, health_endpoint); })
      .and_then([&] { return open_into(metrics_server, settings.metrics, metrics_endpoint); });
}

Result<ServerPtr> Daemon::Parts::open(const Settings::Listen& address, net::Handler& handler) {
  net::ListenOptions options;
  options.address = address.host;
  options.port = address.port;
  options.max_body = settings.max_message_bytes;
  options.max_bytes = settings.max_bytes_in_flight;
  options.max_connections = settings.max_connections;
  options.trusted = trusted(settings);
  if (&handler == &mcp || settings.tls_ports == Settings::TlsPorts::all) options.tls = tls.get();
  if (&handler == &mcp) options.max_per_address = settings.max_per_address;
  options.websocket_ping = settings.websocket_ping;
  options.websocket_pong = settings.websocket_pong;
  auto server = net::Server::listen(loop, clock, log.with("port", std::to_string(address.port)),
                                    options, handler);
  if (server) return server;
  const Error error =
      server.error().code() == Errc::conflict ? port_taken(address) : server.error();
  return fail(error.within(fmt::format("cannot listen on {}:{}", address.host, address.port)));
}

void Daemon::Parts::announce() const {
  if (stdio) return log.info("serving stdin", {{"version", kVersion}, {"store", store->backend()}});
  log.info("serving", {{"version", kVersion},
                       {"environment", settings.environment},
                       {"mcp", mcp_server->port()},
                       {"health", health_server->port()},
                       {"metrics", metrics_server->port()},
                       {"store", store->backend()},
                       {"providers", providers.size()}});
  if (settings.auth.is_open() && !is_loopback(settings.mcp.host))
    log.warn("no EXAI_WS_TOKEN and no key for JWTs: anyone who reaches the port may call",
             {{"host", settings.mcp.host}});
}

void Daemon::Parts::count_clients() {
  if (mcp_server) instruments.set_connections(mcp_server->connections());
  const net::McpEndpoint::Counts counts = mcp.counts();
  instruments.set_sessions(counts.http_sessions, counts.websocket_sessions);
  instruments.set_tasks(counts.by_status);
  for (const auto& use : mcp.admission().uses())
    instruments.set_permits(use.pool, use.provider, use.limit - use.in_use, use.limit);
  instruments.set_queue(mcp.admission().waiting());
}

health::Permits Daemon::Parts::permits() const {
  health::Permits permits;
  for (const auto& use : mcp.admission().uses())
    permits.pools.push_back(
        {use.provider.empty() ? use.pool : use.provider, use.in_use, use.limit});
  permits.waiting = mcp.admission().waiting();
  return permits;
}

Task<> Daemon::Parts::stop_signal() {
  const Result<int> signal = co_await signals.next();
  log.info("stopping", {{"signal", signal ? signal_name(*signal) : "?"},
                        {"calls_in_flight", mcp.counts().calls_in_flight}});
}

// Until a signal, or the end of stdin when it is served.
Task<> Daemon::Parts::serve_until_asked() {
  using namespace asio::experimental::awaitable_operators;
  Task<> signal = stop_signal();
  if (!stdio) {
    co_await std::move(signal);
    co_return;
  }
  Task<> reading = stdio->serve();
  const auto first = co_await (std::move(reading) || std::move(signal));
  if (first.index() == 0) stdio->hang_up();
}

Task<> Daemon::Parts::end_on_second_signal() {
  const Result<int> signal = co_await signals.next();
  if (!signal) co_return;
  log.warn("second signal: ending now, calls are cut");
  log.flush();
  std::_Exit(1);
}

// The one place that says in which order things end:
//   1 readiness says no, so that nobody is sent here any more
//   2 no new calls; those that run may finish
//   3 their answers leave, MCP connections close
//   4 health and metrics go: until here, probes could see us draining
//   5 nothing works in the background any more
//   6 storage last: all of the above may use it
Task<> Daemon::Parts::shut_down() {
  // Whatever hangs below, even the loop itself, the process ends.
  ::alarm(static_cast<unsigned>(settings.shutdown_timeout / 1s) + 10);
  monitor.set_draining();
  co_await mcp.drain(settings.shutdown_timeout);
  if (stdio) co_await stdio->flush(clock, kFarewell);
  if (mcp_server) co_await mcp_server->drain(kFarewell);
  if (health_server) co_await health_server->drain(kFarewell);
  if (metrics_server) co_await metrics_server->drain(kFarewell);
  tls.reset();
  auth.reset();
  background.cancel();
  co_await background.join();
  co_await store->close();
}

Daemon::Daemon(Loop& loop, Clock& clock, Log log, Redactor& redactor, Settings settings)
    : parts_(std::make_unique<Parts>(loop, clock, std::move(log), redactor, std::move(settings))) {}

Daemon::~Daemon() = default;

Task<Result<>> Daemon::serve() {
  Parts& p = *parts_;
  Result<> listening = p.listen();
  if (listening) {
    p.announce();
    p.background.spawn("health", p.monitor.watch());
    p.background.spawn("order", p.mcp.keep_order());
    p.background.spawn("loop lag", p.instruments.watch_loop_lag());
    co_await p.serve_until_asked();
    p.background.spawn("second signal", p.end_on_second_signal());
  }
  co_await p.shut_down();
  if (listening) p.log.info("stopped");
  co_return listening;
}

}  // namespace exai

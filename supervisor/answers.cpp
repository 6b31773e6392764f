#include "supervisor/answers.hpp"

#include <algorithm>
#include <array>
#include <csignal>

#include "core/base/spawn.hpp"
#include "core/base/text.hpp"
#include "core/base/version.hpp"

namespace exai {

namespace {

using control::kProtocolVersion;

constexpr Duration kLongestWait = 60s;
constexpr Duration kWrongToken = 200ms;

rpc::ErrorObject refusal(const Error& error) {
  switch (error.code()) {
    case Errc::not_found:
      return {control::kUnknownService, error.message(), nullptr};
    case Errc::conflict:
      return {control::kShuttingDown, error.message(), nullptr};
    case Errc::unavailable:
      return {control::kNotRunning, error.message(), nullptr};
    case Errc::denied:
      return {control::kNotAllowed, error.message(), nullptr};
    case Errc::invalid:
      return {rpc::kInvalidParams, error.message(), nullptr};
    default:
      return {rpc::kInternalError, error.message(), nullptr};
  }
}

// What a program needs to say why the two do not understand each other.
json::object versions() {
  return {
      {"protocol", kProtocolVersion}, {"oldest", control::kOldestProtocol}, {"version", kVersion}};
}

std::vector<std::string> service_names(const json::object& params) {
  std::vector<std::string> names;
  if (const json::array* list = find_array(params, "services"))
    for (const json::value& item : *list) names.emplace_back(item.get_string());
  return names;
}

std::uint64_t count_of(const json::object& params, std::string_view key) {
  return static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, find_integer(params, key).value_or(0)));
}

// A name, as in signal(7), or a number.
std::optional<int> signal_of(std::string_view text) {
  const auto number = parse_integer(text);
  if (!number) return signal_number(text);
  if (*number < 1 || *number >= NSIG) return std::nullopt;
  return static_cast<int>(*number);
}

rpc::Response rejected(const rpc::Rejection& rejection) {
  rpc::Response response;
  response.id = rejection.id;
  response.error = rejection.error;
  return response;
}

rpc::Response unknown_method(const rpc::Id& id, const std::string& name) {
  std::vector<std::string> known;
  for (const control::Method& method : control::kMethods) known.emplace_back(method.name);
  const auto nearest = closest(name, known);
  return rpc::error_of(
      id, rpc::kMethodNotFound,
      fmt::format("no method {}{}; this is exai-supervisor {}, which speaks "
                  "protocol {}",
                  printable(name), nearest ? fmt::format(", perhaps {}", *nearest) : "", kVersion,
                  kProtocolVersion),
      versions());
}

}  // namespace

// What is asked of services by their names, and answered with how they are then.
template <Result<> (service::Supervisor::*request)(const std::vector<std::string>& services)>
Task<ControlAnswers::Reply> ControlAnswers::ask(Session, json::object params) {
  const Result<> done = (supervisor_.*request)(service_names(params));
  co_return status_or(done);
}

struct ControlAnswers::Handler {
  std::string_view method;
  Task<Reply> (ControlAnswers::*handle)(Session session, json::object params);
};

const ControlAnswers::Handler* ControlAnswers::find_handler(std::string_view method) {
  static constexpr std::array kHandlers{
      Handler{"hello", &ControlAnswers::hello},
      Handler{"authenticate", &ControlAnswers::authenticate},
      Handler{"status", &ControlAnswers::status},
      Handler{"up", &ControlAnswers::ask<&service::Supervisor::up>},
      Handler{"down", &ControlAnswers::down},
      Handler{"start", &ControlAnswers::ask<&service::Supervisor::start>},
      Handler{"stop", &ControlAnswers::ask<&service::Supervisor::stop>},
      Handler{"restart", &ControlAnswers::ask<&service::Supervisor::restart>},
      Handler{"signal", &ControlAnswers::signal},
      Handler{"scale", &ControlAnswers::scale},
      Handler{"reload", &ControlAnswers::reload},
      Handler{"upgrade", &ControlAnswers::upgrade},
      Handler{"events", &ControlAnswers::events},
      Handler{"subscribe", &ControlAnswers::subscribe},
  };
  static_assert(std::equal(kHandlers.begin(), kHandlers.end(), control::kMethods.begin(),
                           control::kMethods.end(),
                           [](const Handler& handler, const control::Method& row) {
                             return handler.method == row.name;
                           }),
                "kHandlers and the table of core/control/methods.hpp name the same methods");
  const auto* found = std::find_if(kHandlers.begin(), kHandlers.end(),
                                   [&](const Handler& each) { return each.method == method; });
  return found == kHandlers.end() ? nullptr : found;
}

Task<rpc::Response> ControlAnswers::answer(Session session, std::string line) {
  auto message = rpc::parse(line);
  if (!message) co_return rejected(message.error());
  auto* request = std::get_if<rpc::Request>(&*message);
  if (!request || !request->id)
    co_return rpc::error_of(std::nullopt, rpc::kInvalidRequest, "a request with an id is expected");
  const rpc::Id id = *request->id;
  const control::Method* method = control::find_method(request->method);
  if (session->token && request->method != "authenticate") {
    session->refused = true;
    co_return rpc::error_of(id, control::kNotAllowed,
                            "the first call here is authenticate, with the token of the stack");
  }
  if (!method) co_return unknown_method(id, request->method);
  if (method->scope > session->access) {
    const bool looks = session->access == control::Scope::read;
    co_return rpc::error_of(
        id, control::kNotAllowed,
        looks ? fmt::format("{} changes the stack; this connection may only look", method->name)
              : fmt::format("{} is for the user of the stack alone", method->name));
  }
  if (const auto checked = control::check_parameters(*method, request->params); !checked)
    co_return rpc::error_of(id, rpc::kInvalidParams, checked.error().message());
  const Handler* handler = find_handler(method->name);
  Task<Reply> handling = (this->*handler->handle)(std::move(session), std::move(request->params));
  Reply reply = co_await std::move(handling);
  rpc::Response response;
  response.id = id;
  if (reply)
    response.result = std::move(*reply);
  else
    response.error = std::move(reply.error());
  co_return response;
}

// --- methods ---

ControlAnswers::Reply ControlAnswers::status_or(const Result<>& result) {
  if (!result) return tl::unexpected(refusal(result.error()));
  return to_json(supervisor_.status());
}

Task<ControlAnswers::Reply> ControlAnswers::hello(Session session, json::object params) {
  const std::uint64_t wanted = count_of(params, "protocol");
  if (const auto who = find_string(params, "client"))
    log_.debug("hello", {{"client", printable(who->substr(0, 200))}, {"protocol", wanted}});
  if (wanted < control::kOldestProtocol || wanted > kProtocolVersion) {
    const std::string text =
        fmt::format("you speak protocol {}; this is exai-supervisor {}, which speaks {} to {}: {}",
                    wanted, kVersion, control::kOldestProtocol, kProtocolVersion,
                    wanted > kProtocolVersion ? "it is older than you and has to be renewed"
                                              : "you are too old for it");
    co_return tl::unexpected(rpc::ErrorObject{control::kUnsupportedProtocol, text, versions()});
  }
  json::object reply = versions();
  reply["stack"] = supervisor_.stack().name;
  reply["access"] = name(session->access);
  co_return reply;
}

// Wrong ones are told at a pace that leaves no hope of trying them all.
Task<ControlAnswers::Reply> ControlAnswers::authenticate(Session session, json::object params) {
  const Secret shown(find_string(params, "token").value_or(""));
  if (session->token && !(*session->token == shown)) {
    session->refused = true;
    log_.warn("refused a client that showed a wrong token");
    co_await clock_.sleep_for(kWrongToken);
    const std::string text = "this is not the token of the stack";
    co_return tl::unexpected(rpc::ErrorObject{control::kNotAllowed, text, nullptr});
  }
  session->token.reset();
  co_return json::object{};
}

Task<ControlAnswers::Reply> ControlAnswers::status(Session, json::object params) {
  const std::vector<std::string> names = service_names(params);
  const bool usage = find_bool(params, "usage").value_or(true);
  using process::Detail;
  if (names.empty()) co_return to_json(supervisor_.status(usage ? Detail::brief : Detail::none));
  const Result<control::StackStatus> some =
      supervisor_.status(names, usage ? Detail::full : Detail::none);
  if (!some) co_return tl::unexpected(refusal(some.error()));
  co_return to_json(*some);
}

Task<ControlAnswers::Reply> ControlAnswers::signal(Session, json::object params) {
  const std::string wanted = find_string(params, "signal").value_or("");
  const auto number = signal_of(wanted);
  if (!number) {
    const std::string text = fmt::format("there is no signal {}", printable(wanted));
    co_return tl::unexpected(rpc::ErrorObject{rpc::kInvalidParams, text, nullptr});
  }
  const Result<> done = supervisor_.signal(service_names(params), *number);
  co_return status_or(done);
}

Task<ControlAnswers::Reply> ControlAnswers::scale(Session, json::object params) {
  const std::uint64_t replicas = std::min<std::uint64_t>(count_of(params, "replicas"), 1'000'000);
  const Result<> done = supervisor_.scale(find_string(params, "service").value_or(""),
                                          static_cast<int>(replicas));
  co_return status_or(done);
}

Task<ControlAnswers::Reply> ControlAnswers::down(Session, json::object) {
  log_.info("asked to go down");
  const control::Stopping running = supervisor_.running();
  supervisor_.down();
  co_return to_json(running);
}

Task<ControlAnswers::Reply> ControlAnswers::reload(Session, json::object params) {
  const bool dry_run = find_bool(params, "dry_run").value_or(false);
  Task<Result<control::Reloaded>> reloading = supervisor_.reload(dry_run);
  const Result<control::Reloaded> done = co_await std::move(reloading);
  if (!done) co_return tl::unexpected(refusal(done.error()));
  co_return to_json(*done);
}

Task<ControlAnswers::Reply> ControlAnswers::upgrade(Session, json::object params) {
  const Path program = find_string(params, "program").value_or("");
  if (!program.is_absolute()) {
    const Error error{Errc::invalid, "\"program\" of upgrade must be an absolute path"};
    co_return tl::unexpected(refusal(error));
  }
  Task<Result<std::string>> upgrading = supervisor_.upgrade(program);
  const Result<std::string> version = co_await std::move(upgrading);
  if (!version) co_return tl::unexpected(refusal(version.error()));
  co_return json::object{{"version", *version}};
}

Task<ControlAnswers::Reply> ControlAnswers::events(Session session, json::object params) {
  const std::uint64_t since = count_of(params, "since");
  const auto asked = find_integer(params, "wait_ms").value_or(0);
  const auto wait = std::clamp(Duration(asked), Duration::zero(), kLongestWait);
  const control::EventPage page = co_await supervisor_.next_events(since, wait);
  session->told = page.last;
  co_return to_json(page);
}

Task<ControlAnswers::Reply> ControlAnswers::subscribe(Session session, json::object params) {
  if (session->subscribed) {
    const std::string text = "this connection is subscribed already";
    co_return tl::unexpected(rpc::ErrorObject{rpc::kInvalidRequest, text, nullptr});
  }
  const std::uint64_t last = supervisor_.last_event();
  std::uint64_t since = count_of(params, "since");
  if (since > last) since = 0;  // a number of another supervisor's: all there is
  session->subscribed = since;
  co_return json::object{{"since", since}, {"last", last}};
}

}  // namespace exai

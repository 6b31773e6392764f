#pragma once
// All tools over a provider, a store, a stack and a client that are made to be watched.

#include "core/base/text.hpp"
#include "daemon/store/sha256.hpp"
#include "daemon/tools/registry.hpp"
#include "tests/unit/daemon/fake_provider.hpp"

namespace exai::tools {

class FakeHost final : public Host {
 public:
  Facts facts() override { return facts_; }
  json::object health() override { return health_report; }
  const std::vector<OptionView>& options() override { return option_views; }
  Stack* stack() override { return the_stack; }
  std::string redact(std::string text) override {
    return replace_all(std::move(text), "s3cret", "[KEY]");
  }

  json::object health_report{
      {"status", "pass"},
      {"components", {{"storage", {{"status", "pass"}, {"detail", "a round trip took 1ms"}}}}}};
  std::vector<OptionView> option_views{
      {"TOOL_PROFILE", "tools", "", "standard", "default", false},
      {"KIMI_API_KEY", "providers", "", "(secret)", "KIMI_API_KEY_FILE", true},
      {"KIMI_API_URL", "providers", "", "https://u:s3cret@kimi.example/v1", "KIMI_API_URL", false}};
  Stack* the_stack = nullptr;

 private:
  Facts facts_{.environment = "test", .timezone = "UTC", .uptime = 90s, .calls_total = 3};
};

// A store whose next operation can be made to fail.
class FakeStore final : public store::Store {
 public:
  std::string_view backend() const override { return "memory"; }
  Task<Result<std::optional<std::string>>> get(std::string key) override {
    if (down) co_return fail(*down);
    const auto found = values.find(key);
    if (found == values.end()) co_return std::optional<std::string>();
    co_return found->second;
  }
  Task<Result<>> put(std::string key, std::string value, Duration) override {
    if (down) co_return fail(*down);
    values[key] = value;
    co_return Result<>();
  }
  Task<Result<>> remove(std::string) override { co_return Result<>(); }
  Task<Result<>> ping() override { co_return Result<>(); }
  Task<> close() override { co_return; }

  std::map<std::string, std::string> values;
  std::optional<Error> down;
};

// Files in memory, told apart by their first bytes alone.
class FakeFiles final : public store::FileStore {
 public:
  Task<Result<store::Added>> add(store::Incoming incoming) override {
    const auto* bytes = std::get_if<std::string>(&incoming.content);
    if (bytes == nullptr) co_return fail(Errc::internal, "no disk in unit tests");
    store::Added added;
    added.info = put(incoming.name, *bytes, incoming.owner);
    co_return added;
  }
  store::FileInfo put(const std::string& name, const std::string& bytes,
                      const std::string& owner = "") {
    store::Sha256 sum;
    sum.add(bytes);
    store::FileInfo info;
    info.sha256 = sum.hex();
    info.owner = owner;
    info.id = store::file_id(owner, info.sha256);
    info.name = name;
    info.type = store::type_of(bytes);
    info.size = bytes.size();
    infos[info.id] = info;
    contents[info.id] = bytes;
    return info;
  }
  Task<Result<store::FileInfo>> find(store::FileRef file) override {
    const auto found = infos.find(file.id);
    if (found == infos.end() || !store::may_see(file.caller, found->second))
      co_return fail(Errc::not_found, "there is no file {}", file.id);
    co_return found->second;
  }
  Task<Result<std::vector<store::FileInfo>>> list(std::string caller) override {
    std::vector<store::FileInfo> all;
    for (const auto& one : infos)
      if (store::may_see(caller, one.second)) all.push_back(one.second);
    co_return all;
  }
  Task<Result<std::string>> read(store::FileRef file, std::uint64_t offset,
                                 std::size_t most) override {
    co_return contents.at(file.id).substr(offset, most);
  }
  Task<Result<>> set_upload(store::FileRef file, std::string provider, std::string at_it) override {
    infos.at(file.id).uploads.erase(provider);
    if (!at_it.empty()) infos.at(file.id).uploads[provider] = at_it;
    co_return Result<>();
  }
  Task<Result<>> remove(store::FileRef file) override {
    infos.erase(file.id);
    co_return Result<>();
  }
  Task<Result<>> copy_to(store::FileRef, Path, std::string) override { co_return Result<>(); }

  std::map<std::string, store::FileInfo> infos;
  std::map<std::string, std::string> contents;
};

// A stack of redis and exaid that remembers what was asked of it.
class FakeStack final : public Stack {
 public:
  const std::string& own_service() const override { return own; }
  const std::vector<std::string>& known_services() const override { return known; }
  Task<Result<json::object>> status(std::string service) override {
    asked.push_back("status " + service);
    if (down) co_return fail(*down);
    if (!service.empty() && service != "redis" && service != "exaid")
      co_return fail(Errc::not_found, "no service named {}", service);
    json::array services;
    if (service != "exaid")
      services.push_back(json::object{
          {"name", "redis"},
          {"state", "ready"},
          {"cause", "proven"},
          {"ready", {{"check", "redis round-trip"}, {"standing", "passing"}, {"age_ms", 207}}},
          {"needs", json::array()}});
    if (service != "redis")
      services.push_back(json::object{
          {"name", "exaid"}, {"state", "ready"}, {"needs", json::array{"redis"}}, {"restarts", 2}});
    co_return json::object{{"services", std::move(services)}};
  }
  Task<Result<json::object>> events(std::uint64_t since) override {
    asked.push_back("events " + std::to_string(since));
    json::array events;
    for (int i = 1; i <= 3; ++i)
      events.push_back(json::object{{"sequence", i},
                                    {"time", "2026-11-21T03:42:19.000Z"},
                                    {"service", i == 2 ? "exaid" : "redis"},
                                    {"from", "starting"},
                                    {"to", "ready"},
                                    {"cause", "proven"}});
    co_return json::object{{"events", std::move(events)}, {"last", 3}, {"gap", false}};
  }
  Task<Result<LogTail>> log(std::string service, std::size_t lines) override {
    asked.push_back(fmt::format("log {} {}", service, lines));
    if (down) co_return fail(*down);
    LogTail tail;
    tail.lines = {{WallTime{}, "stderr", service + " says one"},
                  {std::nullopt, "", service + " says s3cret\x1b[31m"}};
    co_return tail;
  }
  Task<Result<json::object>> doctor(json::object health) override {
    asked.push_back("doctor " + find_string(health, "status").value_or(""));
    const json::object cause{
        {"area", "processes"},      {"level", "bad"},
        {"service", "redis"},       {"message", "redis: backoff for 2s: requirepass s3cret"},
        {"fix", "exai logs redis"}, {"explains", json::array{"exaid"}}};
    if (well)
      co_return json::object{{"ok", true}, {"first_cause", nullptr}, {"findings", json::array()}};
    co_return json::object{{"ok", false}, {"first_cause", cause}, {"findings", json::array{cause}}};
  }
  bool well = false;
  Task<Result<json::object>> restart(std::string service) override {
    asked.push_back("restart " + service);
    co_return json::object();
  }

  std::string own = "exaid";
  std::vector<std::string> known{"redis", "exaid"};
  std::optional<Error> down;
  std::vector<std::string> asked;
};

// Answers as the test wants; none: cannot be asked.
class FakeClient final : public mcp::Client {
 public:
  bool supports(std::string_view) const override { return answer.has_value(); }
  void log(const mcp::LogMessage&) override {}
  Task<Result<std::vector<json::object>>> ask(std::vector<mcp::Question> questions) override {
    for (const auto& question : questions)
      asked.push_back(find_string(question.params, "message").value_or(""));
    if (!answer) co_return fail(Errc::denied, "this client cannot be asked");
    std::vector<json::object> answers{*answer};
    co_return answers;
  }
  void close_stream() override {}

  std::optional<json::object> answer;
  std::vector<std::string> asked;
};

struct Bench {
  Loop loop;
  FakeClock clock{loop};
  FakeStore store;
  providers::FakeProvider kimi{"kimi", "kimi-k2.6"};
  providers::Router router{{&kimi}, ""};
  FakeHost host;
  FakeStack stack;
  Island disk{loop, "test"};
  store::AllowedFiles allowed_files{disk, {}};
  FakeFiles files;
  std::shared_ptr<FakeClient> client = std::make_shared<FakeClient>();
  Registry registry;
  std::string caller;  // who calls
  std::vector<std::string> progress;

  explicit Bench(const Selection& selection = {}, Supervised supervised = Supervised::no)
      : registry(context(supervised), 5min, selection) {}

  Context context(Supervised supervised) {
    host.the_stack = supervised == Supervised::yes ? &stack : nullptr;
    providers::ProviderSettings glm;
    glm.name = "glm";
    glm.base_url = "https://glm.example/v4";
    glm.key = Secret("glm-s3cret-key");
    glm.default_model = "glm-5";
    files.put("hello.txt", "hello\n");
    return {clock, store, router, host, {}, false, glm, &allowed_files, &files, {}};
  }
  std::vector<std::string> tool_names() const {
    std::vector<std::string> names;
    for (const mcp::ToolInfo& tool : registry.tools()) names.push_back(tool.name);
    return names;
  }

  Result<mcp::ToolResult> call(std::string name, json::object arguments) {
    mcp::Call call;
    call.name = std::move(name);
    call.arguments = std::move(arguments);
    call.request_id = "r1";
    call.session_id = "s1";
    call.caller = caller;
    call.client = client;
    call.progress = [this](const mcp::Progress& p) { progress.push_back(p.message); };
    loop.context().restart();
    const std::string called = call.name;
    auto result = loop.run_until_done(registry.call(std::move(call)));
    const std::string wrong = result ? broken_promise(called, *result) : std::string();
    if (!wrong.empty()) return fail(Errc::internal, "{}: {}", called, wrong);
    return result;
  }
  // Whatever a test makes a tool say, its structured result is what its description promises, of
  // failures too: clients check that, and take nothing else.
  std::string broken_promise(const std::string& tool, const mcp::ToolResult& result) const {
    for (const mcp::ToolInfo& info : registry.tools()) {
      if (info.name != tool || info.output_schema.empty()) continue;
      if (result.structured.empty())
        return result.is_error ? "" : "the structured result is missing";
      return join(ArgumentCheck(info.output_schema).problems(result.structured), "; ");
    }
    return "";
  }
  Result<json::object> read(std::string uri) {
    mcp::Call call;
    call.name = std::move(uri);
    call.caller = caller;
    return loop.run_until_done(registry.read(std::move(call)));
  }
  Result<json::object> prompt(std::string name, json::object arguments) {
    mcp::Call call;
    call.name = std::move(name);
    call.arguments = std::move(arguments);
    return loop.run_until_done(registry.prompt(std::move(call)));
  }
};

}  // namespace exai::tools

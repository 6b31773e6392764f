#include "daemon/providers/openai.hpp"

#include <algorithm>

#include "core/base/os.hpp"
#include "core/base/text.hpp"
#include "daemon/providers/chat_stream.hpp"
#include "daemon/providers/file_wire.hpp"
#include "daemon/providers/models.hpp"
#include "daemon/providers/web_search.hpp"

namespace exai::providers {
namespace {

constexpr Preset kPresets[] = {
    {"kimi", "Kimi", "kimi- moonshot-", "KIMI_API_KEY", WebSearch::echoed, "file-extract", true},
    {"glm", "GLM", "glm-", "GLM_API_KEY", WebSearch::built_in, "agent"},
    {"custom", "Custom", "", "CUSTOM_API_URL"},
};

constexpr std::size_t kMaxErrorBody = 64U << 10U;
constexpr std::size_t kMaxPlainBody = 8U << 20U;

using Reply = tl::expected<ChatReply, ProviderError>;

const Preset& preset(std::string_view name) {
  const auto found = std::ranges::find(kPresets, name, &Preset::name);
  EXAI_ASSERT(found != std::end(kPresets));
  return *found;
}

ProviderInfo info_from(const ProviderSettings& settings) {
  ProviderInfo info;
  info.name = settings.name;
  const Preset& known = preset(settings.name);
  info.title = known.title;
  info.web_search = known.web_search;
  info.file_purpose = known.file_purpose;
  info.makes_text_of_files = known.makes_text_of_files;
  info.base_url = settings.base_url;
  while (info.base_url.ends_with('/')) info.base_url.pop_back();
  info.models = known_models(settings.name);
  for (const std::string& id : settings.models) {
    Model model;
    model.id = id;
    info.models.push_back(std::move(model));
  }
  info.default_model = settings.default_model;
  if (info.default_model.empty() && !settings.models.empty())
    info.default_model = settings.models.front();
  return info;
}

// What libcurl could not do is the network's, unless the address itself is nonsense.
ProviderError transport_failure(const Error& error) {
  const bool ours = error.code() == Errc::invalid;
  return {ours ? Failure::invalid : Failure::network, error.message(), std::nullopt};
}

json::object thinking_of(Thinking how, const std::string& mode) {
  if (mode.empty() || how == Thinking::fixed) return {};
  if (how == Thinking::toggle)
    return {{"thinking", {{"type", mode == "minimal" ? "disabled" : "enabled"}}}};
  const bool little = mode == "minimal" || mode == "low";
  return {{"reasoning_effort", mode == "max" ? "max" : little ? "low" : "high"}};
}

// What this model wants otherwise than others.
void respect_quirks(const ProviderInfo& info, ChatRequest& request) {
  const auto known = std::ranges::find(info.models, request.model, &Model::id);
  if (known == info.models.end()) return;
  if (known->fixed_sampling) request.temperature.reset();
  // Kimi's search wants no thinking, where that can be said.
  if (request.search_web && info.web_search == WebSearch::echoed) request.thinking_mode = "minimal";
  request.extra = thinking_of(known->thinking, request.thinking_mode);
}

HttpRequest to_http(const ProviderInfo& info, const ProviderSettings& settings, WireRequest wire) {
  HttpRequest message;
  message.method = std::move(wire.method);
  message.url = info.base_url + wire.path;
  message.headers["accept"] = "application/json";
  if (!wire.content_type.empty()) message.headers["content-type"] = std::move(wire.content_type);
  if (!settings.key.empty())
    message.headers["authorization"] = fmt::format("Bearer {}", settings.key.reveal());
  message.body = std::move(wire.body);
  message.timeout = settings.timeout;
  return message;
}

// What is sent for a request; the preview shows the same.
HttpRequest to_http(const ProviderInfo& info, const ProviderSettings& settings,
                    ChatRequest request) {
  respect_quirks(info, request);
  if (request.search_web) add_search_tool(info.web_search, request.tools);
  HttpRequest message = to_http(
      info, settings, {"POST", "/chat/completions", "application/json", chat_body(request)});
  message.headers["accept"] = "text/event-stream";
  return message;
}

class OpenAiProvider final : public Provider {
 public:
  OpenAiProvider(HttpClient& http, Clock& clock, ApiMetrics& metrics, ProviderSettings settings)
      : http_(http),
        clock_(clock),
        metrics_(metrics),
        info_(info_from(settings)),
        settings_(std::move(settings)) {}

  const ProviderInfo& info() const override { return info_; }

  // A search that is echoed takes several rounds: each is measured, their tokens are added up.
  Task<Reply> chat(ChatRequest request, std::function<void(const Delta&)> on_delta) override {
    EchoedSearch search(request.search_web && info_.web_search == WebSearch::echoed);
    for (;;) {
      ChatRequest asked = request;
      std::function<void(const Delta&)> listener = on_delta;
      Reply reply = co_await measured_exchange(std::move(asked), std::move(listener));
      if (!search.goes_on(reply, request)) co_return reply;
    }
  }

  Task<Outcome<std::string>> send_file(FileToSend file) override {
    if (info_.file_purpose.empty()) co_return co_await Provider::send_file(std::move(file));
    WireRequest wire = file_upload(info_.file_purpose, std::move(file), random_hex(16));
    auto body = co_await fetch("files", std::move(wire), kUploadTime);
    co_return body.and_then(uploaded_id);
  }

  Task<Outcome<std::string>> text_of_file(std::string id) override {
    if (!info_.makes_text_of_files) co_return co_await Provider::text_of_file(std::move(id));
    WireRequest wire = file_content(id);
    auto body = co_await fetch("files", std::move(wire), settings_.timeout);
    co_return body.map(text_in_content);
  }

  Task<Outcome<>> remove_file(std::string id) override {
    if (info_.file_purpose.empty()) co_return co_await Provider::remove_file(std::move(id));
    WireRequest wire = file_removal(id);
    auto body = co_await fetch("files", std::move(wire), settings_.timeout);
    if (!body) co_return tl::unexpected(body.error());
    co_return Outcome<>();
  }

  Task<Outcome<std::vector<SearchHit>>> search(SearchQuery query) override {
    if (info_.web_search != WebSearch::built_in)
      co_return co_await Provider::search(std::move(query));
    WireRequest wire = search_request(query);
    auto body = co_await fetch("web_search", std::move(wire), settings_.timeout);
    co_return body.and_then(search_hits);
  }

 private:
  static constexpr Duration kUploadTime = 300s;  // for the whole file

  // The body of a 200; anything else is a failure.
  Task<Outcome<std::string>> fetch(std::string label, WireRequest wire, Duration limit) {
    const Time begin = clock_.now();
    HttpRequest message = to_http(info_, settings_, std::move(wire));
    message.timeout = limit;
    message.max_body = kMaxPlainBody;
    Result<HttpResponse> response = co_await http_.send(std::move(message));
    Outcome<std::string> body = read_answer(std::move(response));
    measure(label, begin, body ? Reply() : Reply(tl::unexpected(body.error())));
    if (!body) body.error().message = presentable(body.error().message);
    co_return body;
  }

  static Outcome<std::string> read_answer(Result<HttpResponse> response) {
    if (!response) return tl::unexpected(transport_failure(response.error()));
    if (response->status == 200) return std::move(response->body);
    ProviderError error = classify(response->status, response->headers, response->body);
    error.message = fmt::format("HTTP {}: {}", response->status, error.message);
    return tl::unexpected(std::move(error));
  }

  Task<Reply> measured_exchange(ChatRequest request, std::function<void(const Delta&)> on_delta) {
    const std::string label = label_of(request.model);
    const Time begin = clock_.now();
    Reply reply = co_await exchange(std::move(request), std::move(on_delta));
    measure(label, begin, reply);
    if (!reply) reply.error().message = presentable(reply.error().message);
    co_return reply;
  }

  Task<Reply> exchange(ChatRequest request, std::function<void(const Delta&)> on_delta) {
    HttpRequest message = to_http(info_, settings_, std::move(request));
    Result<HttpStream> opened = co_await http_.open(std::move(message));
    if (!opened) co_return tl::unexpected(transport_failure(opened.error()));
    HttpStream stream = std::move(*opened);
    if (stream.status() != 200) co_return co_await refused(std::move(stream));

    const auto type = stream.headers().find("content-type");
    const bool whole =
        type != stream.headers().end() && type->second.starts_with("application/json");
    ChatStream answer(whole ? Framing::whole_body : Framing::events);
    while (!answer.done()) {
      Result<std::optional<std::string>> piece = co_await stream.next();
      if (!piece) co_return tl::unexpected(broken(answer, piece.error()));
      if (!piece->has_value()) break;
      for (const Delta& delta : answer.feed(**piece)) on_delta(delta);
    }
    co_return answer.finish();
  }

  // Any status but 200: the body says why.
  static Task<Reply> refused(HttpStream stream) {
    std::string body;
    while (body.size() < kMaxErrorBody) {
      Result<std::optional<std::string>> piece = co_await stream.next();
      if (!piece || !piece->has_value()) break;
      body += **piece;
    }
    ProviderError error = classify(stream.status(), stream.headers(), body);
    error.message = fmt::format("HTTP {}: {}", stream.status(), error.message);
    co_return tl::unexpected(std::move(error));
  }

  // The connection broke while the answer came: silence is the network's, a cut is a cut.
  static ProviderError broken(ChatStream& answer, const Error& error) {
    if (error.code() == Errc::timeout) return transport_failure(error);
    Reply ended = answer.finish();
    if (ended) return {Failure::truncated, error.message(), std::nullopt};
    return {ended.error().failure, ended.error().message + " (" + error.message() + ")",
            std::nullopt};
  }

  // Callers may name any model; metrics only get those that are known.
  std::string label_of(const std::string& model) const {
    const auto known = std::ranges::find(info_.models, model, &Model::id);
    return known != info_.models.end() ? model : "other";
  }

  // Servers like to quote what they refused.
  std::string presentable(std::string message) const {
    if (settings_.key.empty()) return message;
    return replace_all(std::move(message), settings_.key.reveal(), "[key]");
  }

  void measure(const std::string& model, Time begin, const Reply& reply) {
    const std::string status(reply ? "ok" : name(reply.error().failure));
    metrics_.calls.with({info_.name, model, status}).add();
    const std::chrono::duration<double> took = clock_.now() - begin;
    metrics_.latency.with({info_.name, model}).observe(took.count());
    if (!reply || !reply->usage) return;
    const auto add = [&](const char* type, std::int64_t count) {
      metrics_.tokens.with({info_.name, model, type}).add(static_cast<double>(count));
    };
    add("input", reply->usage->input);
    add("output", reply->usage->output);
  }

  HttpClient& http_;
  Clock& clock_;
  ApiMetrics& metrics_;
  ProviderInfo info_;
  ProviderSettings settings_;
};

std::string id_of(const ProviderInfo& info, std::string model) {
  for (const Model& known : info.models)
    if (std::ranges::count(known.aliases, model) != 0) return known.id;
  return model;
}

}  // namespace

json::object preview(const ProviderSettings& settings, ChatRequest request) {
  const ProviderInfo info = info_from(settings);
  request.model = id_of(info, std::move(request.model));
  const HttpRequest message = to_http(info, settings, std::move(request));
  json::object headers;
  for (const auto& [name, value] : message.headers)
    headers[name] = name == "authorization" ? "Bearer [key]" : value;
  return {{"method", message.method},
          {"url", message.url},
          {"headers", std::move(headers)},
          {"body", parse_json(message.body).value_or(json::value(message.body))},
          {"timeout_ms", message.timeout.count()}};
}

std::span<const Preset> presets() {
  return kPresets;
}

ApiMetrics::ApiMetrics(telemetry::Metrics& metrics)
    : calls(metrics.counter("mcp_api_calls_total", "Calls to AI providers by outcome.",
                            {"provider", "model", "status"})),
      latency(metrics.histogram("mcp_api_latency_seconds",
                                "Time from the request to the last byte of the answer.",
                                {"provider", "model"}, {.1, .5, 1, 2, 5, 10, 30, 60, 120})),
      tokens(metrics.counter("mcp_tokens_total", "Tokens as the providers counted them.",
                             {"provider", "model", "type"})) {}

std::unique_ptr<Provider> make_openai_provider(HttpClient& http, Clock& clock, ApiMetrics& metrics,
                                               ProviderSettings settings) {
  return std::make_unique<OpenAiProvider>(http, clock, metrics, std::move(settings));
}

}  // namespace exai::providers

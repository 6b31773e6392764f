#include "daemon/tools/resources.hpp"

#include <algorithm>

#include "core/base/base64.hpp"
#include "core/base/text.hpp"
#include "daemon/mcp/content.hpp"
#include "daemon/tools/conversation.hpp"

namespace exai::tools {

Task<mcp::ToolResult> status(Context& context, mcp::Call call);

namespace {

constexpr std::string_view kConversations = "exai://conversations/";
constexpr std::string_view kLogs = "exai://logs/";
constexpr std::string_view kConversationTemplate = "exai://conversations/{id}";
constexpr std::string_view kLogTemplate = "exai://logs/{service}";
constexpr std::string_view kFiles = "exai://files/";
constexpr std::string_view kFileTemplate = "exai://files/{id}";
constexpr std::size_t kMostOfAFile = 8U << 20U;
constexpr std::size_t kLogLines = 200;

tl::unexpected<Error> not_there(std::string_view uri) {
  return fail(Errc::not_found, "there is no resource {}", printable(uri));
}

json::object contents(json::object content) {
  json::array all;
  all.push_back(std::move(content));
  return {{"contents", std::move(all)}};
}

json::object as_json(std::string uri, const json::object& data) {
  return contents(mcp::text_resource(std::move(uri), "application/json", to_pretty_text(data)));
}

}  // namespace

std::string conversation_uri(const std::string& id) {
  return std::string(kConversations) + id;
}

std::string file_uri(const std::string& id) {
  return std::string(kFiles) + id;
}

void Resources::describe(mcp::Catalog& catalog) const {
  catalog.resources = {
      {"exai://status", "Status", "What is true of this server now", "application/json"},
      {"exai://health", "Health", "Each component, and the age of its proof", "application/json"},
      {"exai://config", "Configuration",
       "Every option of this server: its value and where it comes from; no secret",
       "application/json"}};
  catalog.templates = {{std::string(kConversationTemplate), "Conversation",
                        "What was said and found under a continuation_id", "application/json"}};
  if (context_.files != nullptr)
    catalog.templates.push_back({std::string(kFileTemplate), "Kept file",
                                 "What file_upload was given", "application/octet-stream"});
  if (logs_)
    catalog.templates.push_back({std::string(kLogTemplate), "Log",
                                 "The last lines of a service of the stack", "text/plain"});
}

Task<Result<json::object>> Resources::read(std::string uri, std::string caller) const {
  if (uri == "exai://status") {
    mcp::Call call;
    call.name = "status";
    auto result = co_await status(context_, std::move(call));
    co_return as_json(std::move(uri), result.structured);
  }
  if (uri == "exai://health") co_return as_json(std::move(uri), context_.host.health());
  if (uri == "exai://config") co_return as_json(std::move(uri), config());
  if (uri.starts_with(kConversations)) {
    std::string id = uri.substr(kConversations.size());
    if (!is_plain_id(id)) co_return not_there(uri);
    ThreadRef ref{std::move(id), std::move(caller)};
    co_return co_await conversation(std::move(uri), std::move(ref));
  }
  if (context_.files != nullptr && uri.starts_with(kFiles)) {
    std::string id = uri.substr(kFiles.size());
    if (!store::is_file_id(id)) co_return not_there(uri);
    store::FileRef ref{std::move(id), std::move(caller)};
    co_return co_await file(std::move(uri), std::move(ref));
  }
  if (logs_ && uri.starts_with(kLogs)) {
    std::string service = uri.substr(kLogs.size());
    if (!is_plain_id(service)) co_return not_there(uri);
    co_return co_await log(std::move(uri), std::move(service));
  }
  co_return not_there(uri);
}

Task<Result<json::object>> Resources::conversation(std::string uri, ThreadRef ref) const {
  const std::string id = ref.id;
  auto loaded = co_await load_conversation(context_, std::move(ref));
  if (!loaded) co_return fail(loaded.error().within("conversation " + id));
  if (loaded->empty())
    co_return fail(Errc::not_found,
                   "there is no conversation {}: it was forgotten after {}, or "
                   "never was",
                   id, format_duration(context_.conversations.keep));
  auto data = parse_json_object(stored_text(*std::move(loaded), context_.conversations.turns));
  if (!data) co_return fail(data.error());
  co_return as_json(std::move(uri), *data);
}

Task<Result<json::object>> Resources::file(std::string uri, store::FileRef ref) const {
  const auto info = co_await context_.files->find(ref);
  if (!info) co_return fail(info.error());
  if (info->size > kMostOfAFile)
    co_return fail(Errc::invalid, "{} has more than {}: file_download gives it piece by piece",
                   info->name, format_size(kMostOfAFile));
  auto bytes = co_await context_.files->read(std::move(ref), 0, kMostOfAFile);
  if (!bytes) co_return fail(bytes.error());
  if (info->type == "text/plain" && is_utf8(*bytes))
    co_return contents(mcp::text_resource(std::move(uri), info->type, *std::move(bytes)));
  co_return contents(
      mcp::blob_resource(std::move(uri), info->type, to_base64(*bytes, Padding::full)));
}

Task<Result<json::object>> Resources::log(std::string uri, std::string service) const {
  auto tail = co_await context_.host.stack()->log(std::move(service), kLogLines);
  if (!tail) co_return fail(tail.error());
  std::string text;
  if (tail->older_left) text += "(there are earlier lines)\n";
  for (const LogTail::Line& line : tail->lines) {
    if (line.time) text += format_utc(*line.time) + " ";
    text += printable(line.text) + "\n";
  }
  std::string shown = context_.host.redact(std::move(text));
  co_return contents(mcp::text_resource(std::move(uri), "text/plain", std::move(shown)));
}

json::object Resources::config() const {
  json::array options;
  for (const Host::OptionView& option : context_.host.options())
    options.push_back(json::object{{"name", option.name},
                                   {"group", option.group},
                                   {"value", context_.host.redact(option.value)},
                                   {"unit", option.unit},
                                   {"from", option.from},
                                   {"secret", option.secret}});
  return {{"environment", context_.host.facts().environment},
          {"options", std::move(options)},
          {"other_environments", "exai config matrix shows them all beside one another"}};
}

Result<std::vector<std::string>> Resources::complete(const mcp::Completing& completing) const {
  std::vector<std::string> values;
  for (const std::string_view known : {kConversationTemplate, kFileTemplate})
    if (completing.name == known && completing.argument == "id") return values;
  if (!logs_ || completing.name != kLogTemplate || completing.argument != "service")
    return fail(Errc::not_found, "there is no template {} with a variable \"{}\"",
                printable(completing.name), printable(completing.argument));
  for (const std::string& service : context_.host.stack()->known_services())
    if (service.starts_with(completing.value)) values.push_back(service);
  return values;
}

}  // namespace exai::tools

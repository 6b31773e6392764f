// What clients of the stateless era listen to, and what they ask of their tasks.
#include <array>
#include <utility>

#include "core/base/text.hpp"
#include "daemon/mcp/stateless.hpp"

namespace exai::mcp {

namespace {

constexpr const char* kSubscription = "io.modelcontextprotocol/subscriptionId";

struct FilterKey {
  std::string_view key;
  Change::Kind kind;
};
constexpr std::array<FilterKey, 3> kFilterKeys = {
    FilterKey{"toolsListChanged", Change::Kind::tools},
    FilterKey{"promptsListChanged", Change::Kind::prompts},
    FilterKey{"resourcesListChanged", Change::Kind::resources}};

json::object tagged(const rpc::Id& subscription) {
  return {{kSubscription, rpc::to_json(subscription)}};
}

}  // namespace

Output Stateless::listen(const rpc::Request& request) {
  const auto* wanted = find_object(request.params, "notifications");
  if (!wanted)
    return refuse(request, rpc::kInvalidParams, "\"notifications\" must say what to listen to");
  const auto* tasks = find_array(*wanted, "taskIds");
  if (tasks && !takes_tasks()) return refuse_without_tasks(request);
  listening_ = *request.id;
  json::object honoured;
  const Catalog& catalog = server_.source.catalog();
  for (const FilterKey& row : kFilterKeys) {
    if (!catalog.changes || !find_bool(*wanted, row.key).value_or(false)) continue;
    filter_.kinds.insert(row.kind);
    honoured[row.key] = true;
  }
  std::vector<std::string> now;
  if (tasks) honoured["taskIds"] = honour_tasks(*tasks, now);
  if (const auto* uris = find_array(*wanted, "resourceSubscriptions");
      uris && offers(catalog, "resources/read")) {
    for (const auto& uri : *uris)
      if (uri.is_string()) filter_.uris.emplace(uri.get_string());
    honoured["resourceSubscriptions"] = *uris;
  }
  json::object params{{"notifications", std::move(honoured)}, {"_meta", tagged(*request.id)}};
  return Listen{*request.id,
                rpc::to_text(rpc::Request{std::nullopt, "notifications/subscriptions/acknowledged",
                                          std::move(params)}),
                std::move(now)};
}

// Those that the caller may see. How they are now is told at once: what happened before is no
// reason to wait for ever.
json::array Stateless::honour_tasks(const json::array& wanted, std::vector<std::string>& now) {
  json::array honoured;
  for (const json::value& id : wanted) {
    const TaskEntry* task =
        id.is_string() ? server_.tasks.find(id.get_string(), caller_.principal, now_.steady)
                       : nullptr;
    if (!task || !filter_.tasks.insert(task->id).second) continue;
    honoured.push_back(id);
    now.push_back(*changed(*task));
  }
  return honoured;
}

std::optional<std::string> Stateless::changed(const Change& change) const {
  const bool wanted = change.kind == Change::Kind::resource_updated
                          ? filter_.uris.contains(change.uri)
                          : filter_.kinds.contains(change.kind);
  if (!listening_ || !wanted) return std::nullopt;
  return change_text(change, tagged(*listening_));
}

std::optional<std::string> Stateless::changed(const TaskEntry& task) const {
  if (!listening_ || !filter_.tasks.contains(task.id)) return std::nullopt;
  return fmt::format(R"({{"jsonrpc":"2.0","method":"notifications/tasks","params":)"
                     R"({{{},"_meta":{}}}}})",
                     server_.tasks.members(task, TaskTable::Show::all),
                     to_text(tagged(*listening_)));
}

std::string Stateless::end_listening() const {
  json::object result = complete({});
  for (auto& member : tagged(listening_.value()))
    result["_meta"].get_object().insert_or_assign(member.key(), member.value());
  return rpc::to_text(rpc::result_of(*listening_, std::move(result)));
}

bool Stateless::takes_tasks() const {
  const auto* extensions = find_object(capabilities_, "extensions");
  return extensions && extensions->contains(kTasksExtension);
}

Reply Stateless::refuse_without_tasks(const rpc::Request& request) {
  const json::object extensions{{kTasksExtension, json::object()}};
  return refuse(
      request, kMissingCapability,
      fmt::format("the client does not declare what this needs: the extension {}", kTasksExtension),
      json::object{{"requiredCapabilities", json::object{{"extensions", extensions}}}});
}

// A result whose members are text already.
Reply Stateless::reply_with_members(const rpc::Request& request, std::string_view members) const {
  std::string_view meta = server_.meta_member;
  if (members.empty()) meta.remove_suffix(1);  // its comma
  return {fmt::format(R"({{"jsonrpc":"2.0","id":{},"result":{{"resultType":"complete",{}{}}}}})",
                      to_text(rpc::to_json(*request.id)), meta, members),
          request.method, 0};
}

std::vector<Output> Stateless::receive_task_request(const rpc::Request& request) {
  if (!takes_tasks()) return {refuse_without_tasks(request)};
  const auto wrong = [&](std::string message) -> std::vector<Output> {
    return {refuse(request, rpc::kInvalidParams, std::move(message))};
  };
  const auto id = find_string(request.params, "taskId");
  if (!id) return wrong("\"taskId\" must be a string");
  TaskTable& tasks = server_.tasks;
  const TaskEntry* task = tasks.find(*id, caller_.principal, now_.steady);
  if (!task)
    return wrong(
        fmt::format("there is no task \"{}\": its time is over, this server was started "
                    "since, or it is another client's",
                    printable(std::string_view(*id).substr(0, 100))));
  if (request.method == "tasks/get")
    return {reply_with_members(request, tasks.members(*task, TaskTable::Show::all))};
  if (request.method == "tasks/cancel") {
    tasks.cancel(*id);
    return {reply_with_members(request, {}),
            CancelCall{kTaskCall, std::string(kTaskSession) + *id}};
  }
  const auto* answers = find_object(request.params, "inputResponses");
  if (!answers) return wrong("\"inputResponses\" must be an object");
  auto taken = tasks.answer(*id, *answers, now_.wall);
  if (!taken) return wrong(taken.error().message());
  std::vector<Output> outputs = {reply_with_members(request, {})};
  for (Answered& answered : *taken) outputs.emplace_back(std::move(answered));
  return outputs;
}

std::optional<Reply> Stateless::become_task(const rpc::Id& id, const TaskEntry& task) {
  if (!call_ || call_->id != id) return std::nullopt;
  Reply reply{fmt::format(R"({{"jsonrpc":"2.0","id":{},"result":{{"resultType":"task",{}{}}}}})",
                          to_text(rpc::to_json(id)), server_.meta_member,
                          server_.tasks.members(task, TaskTable::Show::summary)),
              call_->method, 0};
  call_.reset();
  return reply;
}

}  // namespace exai::mcp

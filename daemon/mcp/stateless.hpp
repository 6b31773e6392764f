#pragma once
// One request of the stateless era (2026-07-28), without any I/O. Nothing is known but what the
// request says in its _meta: version, client capabilities, log level.
//
//   request ──▶ Reply        server/discover, lists, completion, tasks/…, all that is wrong
//           ──▶ StartCall    tools/call, resources/read, prompts/get
//           ──▶ Answered, CancelCall    beside the Reply to tasks/update and tasks/cancel
//           ──▶ Listen       subscriptions/listen: stays until the client goes or end_listening()
//
// Asking the client (elicitation, sampling, roots) ends the call, and its result is
//
//   {"resultType": "input_required", "inputRequests": {"<key>": {"method", "params"}, …},
//    "requestState": "<sealed>"}
//
// The client makes the request again with {"inputResponses": {"<key>": {…}}, "requestState"}, and
// the call runs again from its beginning; what was answered in any round is at hand, the earlier
// ones from the sealed state. The state is of one caller, method, name and arguments, and lasts an
// hour. Where all clients share one token they are one caller.
//
//   JSON-RPC -32600 -32602 -32700, -32020 headers, -32021 capability, -32022 version      HTTP 400
//   JSON-RPC -32601                                                                       HTTP 404
//   all other errors                                                                      HTTP 200

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/mcp/front_end.hpp"
#include "daemon/mcp/protocol.hpp"
#include "daemon/mcp/seal.hpp"
#include "daemon/mcp/stateless_headers.hpp"
#include "daemon/mcp/tasks.hpp"

namespace exai::mcp {

class Stateless final : public FrontEnd {
 public:
  // What all requests share. Lifetime: outlives them.
  struct Server {
    const ServerInfo& info;
    const Source& source;
    const Sealer& sealer;
    TaskTable& tasks;
    std::string meta_member;      // of every result, written once
    std::string complete_member;  // the same, before it the type of most
    Server(const ServerInfo& given, const Source& given_source, const Sealer& given_sealer,
           TaskTable& given_tasks);
  };

  // `headers`: of the HTTP request; none: another transport, which has none. `now` decides what has
  // ended: a request state, a task. `caller`: whose tasks it may see, and whose request states it
  // may use.
  Stateless(const Server& server, std::optional<HeaderMap> headers, Moment now,
            TaskOwner caller = {});

  std::vector<Output> receive(std::string_view text) override;
  std::vector<Output> receive(rpc::Request& request);  // takes its arguments out of it
  std::optional<std::string> progress(const rpc::Id& call, const Progress& progress) override;
  std::optional<std::string> log(const rpc::Id& call, const LogMessage& message) const override;
  const json::object& capabilities() const override { return capabilities_; }
  Result<Asked> ask(const rpc::Id& call, const Question& question) override;
  std::optional<std::string> give_up(const rpc::Id&) override { return std::nullopt; }
  std::optional<Reply> finish(const rpc::Id& id, const Result<Outcome>& outcome) override;
  std::optional<Reply> become_task(const rpc::Id& id, const TaskEntry& task) override;

  // Of subscriptions/listen: the notification to send, nothing when it was not asked for.
  std::optional<std::string> changed(const Change& change) const;
  std::optional<std::string> changed(const TaskEntry& task) const;
  std::string end_listening() const;  // its result

  static int http_status(int code);

 private:
  struct Filter {
    std::set<Change::Kind> kinds;
    std::set<std::string, std::less<>> uris;
    std::set<std::string, std::less<>> tasks;
  };

  std::optional<Reply> refuse_meta(const rpc::Request& request) const;
  Output answer(const rpc::Request& request);
  Output listen(const rpc::Request& request);
  json::array honour_tasks(const json::array& wanted, std::vector<std::string>& now);
  std::vector<Output> receive_task_request(const rpc::Request& request);
  bool takes_tasks() const;
  static Reply refuse_without_tasks(const rpc::Request& request);
  Reply reply_with_members(const rpc::Request& request, std::string_view members) const;
  Output start_call(rpc::Request& request);
  Result<> read_answers(const json::object& params);
  json::object complete(json::object result) const;
  std::string input_required() const;
  std::string digest() const;

  const Server& server_;
  std::optional<HeaderMap> headers_;
  Moment now_;
  TaskOwner caller_;
  json::object capabilities_;
  std::optional<Severity> level_;
  json::value token_;
  std::optional<double> progress_;
  std::optional<StartCall> call_;  // while it runs
  std::optional<rpc::Id> listening_;
  Filter filter_;
  json::object answers_;           // of this round and those before, by key
  json::object given_;             // those that the call has used
  std::vector<Question> pending_;  // asked, and not answered yet
  json::object missing_;           // capabilities that were needed
};

}  // namespace exai::mcp

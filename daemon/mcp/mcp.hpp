#pragma once
// What a server offers and what a call to it is, to everyone in the daemon: tools, resources and
// prompts, their descriptions, and the client as a call sees it. Neutral of the protocol's era; the
// front-ends (session.hpp for the eras with a handshake, stateless.hpp for the one without) speak
// for it.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/loop.hpp"

namespace exai::mcp {

// Whether a call may go on as a task (tasks.hpp), for clients that take tasks.
enum class TaskUse {
  never,
  may,           // once it lasts, or asks its client something
  at_once,       // always: clients that take none are refused
  when_it_says,  // the same, from Client::become_task() on; what it asks before, it asks its caller
};

struct ToolInfo {
  std::string name;  // [A-Za-z0-9_.-]{1,64}
  std::string title;
  std::string description;
  json::object input_schema;   // JSON Schema of the arguments
  json::object output_schema;  // of the structured result; empty: absent
  bool read_only = true;       // annotations.readOnlyHint
  bool open_world = false;     // annotations.openWorldHint: talks to the outside
  bool always_runs = false;    // an equal call must not get the result of the last one
  std::vector<std::string> earlier_names = {};  // under which it can be called, too
  TaskUse tasks = TaskUse::never;
};

struct ResourceInfo {
  std::string uri;  // of a template: with {variables}
  std::string name;
  std::string description;
  std::string mime_type;
};

struct PromptInfo {
  struct Argument {
    std::string name;
    std::string description;
    bool required = false;
  };
  std::string name;
  std::string description;
  std::vector<Argument> arguments;
};

// What a server offers, each list in a fixed order.
struct Catalog {
  std::vector<ToolInfo> tools;
  std::vector<ResourceInfo> resources;
  std::vector<ResourceInfo> templates;
  std::vector<PromptInfo> prompts;
  bool changes = false;  // the lists may change while serving: clients are promised notifications
};

struct ToolResult {
  std::string text;          // the first content item; left out when empty and there are others
  bool is_error = false;     // the tool's failure, told to the model
  json::object structured;   // structuredContent; empty: absent
  json::array content = {};  // more content items: see content.hpp
};

struct Progress {
  double progress = 0;  // strictly increasing within a call
  std::optional<double> total;
  std::string message;
};

// Of a log message; the names of syslog, the least severe first.
enum class Severity { debug, info, notice, warning, error, critical, alert, emergency };

struct LogMessage {
  Severity severity = Severity::info;
  std::string logger;  // empty: absent
  json::value data;
};

// Something that only the client can answer.
struct Question {
  std::string key;     // names the answer; unique within a call
  std::string method;  // "elicitation/create", "sampling/createMessage" or "roots/list"
  json::object params;
};

// The client that a call came from. Lifetime: may outlive call and connection; then it does nothing
// and answers `cancelled`.
class Client {
 public:
  virtual ~Client() = default;
  // Whether it declared "elicitation" (of forms), "sampling" or "roots".
  virtual bool supports(std::string_view capability) const = 0;
  virtual void log(const LogMessage& message) = 0;
  // The answers, in the order of the questions, each an object. Errors: denied (a capability that
  // the client did not declare), unavailable (it refused, or cannot be asked now). On an error the
  // call ends: in the stateless era it will be made once more from its beginning, with the answers.
  virtual Task<Result<std::vector<json::object>>> ask(std::vector<Question> questions) = 0;
  // Ends the HTTP response without ending the call: the client comes back for the rest when it
  // wants. For calls of many minutes. Nothing happens on transports that have no such thing.
  virtual void close_stream() = 0;
  // The call goes on as a task from here, where its client takes tasks and there is room for one.
  virtual void become_task() {}
};

// One request on its way through the daemon. Cancellation travels as the coroutine's own.
struct Call {
  std::string name;  // of the tool or prompt; the URI of a resource
  json::object arguments;
  std::string request_id;  // of the correlation: in every log line
  std::string session_id;
  std::string caller;  // who it comes from, as far as he has a name: net/gate.hpp
  std::function<void(Progress)> progress;  // never empty; goes nowhere when nobody asked
  std::shared_ptr<Client> client;          // never null
};

// What a call of a tool will use, which admission counts; empty: nothing.
struct Needs {
  std::string provider;      // "kimi"
  std::string conversation;  // that it continues
};

// What an argument may be completed with.
struct Completing {
  bool of_resource = false;  // else of a prompt
  std::string name;          // of the prompt; the URI template of a resource
  std::string argument;
  std::string value;  // typed so far
};

// Something that those who listen are told of.
struct Change {
  enum class Kind { tools, prompts, resources, resource_updated };
  Kind kind = Kind::tools;
  std::string uri;  // of resource_updated

  friend bool operator==(const Change&, const Change&) = default;
};

// What sessions speak for. Lists are ready at any time; all else runs as a call.
class Source {
 public:
  virtual ~Source() = default;
  virtual const Catalog& catalog() const = 0;
  virtual bool has_tool(std::string_view name) const;  // in its catalog
  // tools/call. Argument errors and failures of the tool are results with is_error. Errors:
  // not_found (no such tool), unavailable (draining).
  virtual Task<Result<ToolResult>> call(Call call) = 0;
  // Known before the call; its arguments may be wrong.
  virtual Needs needs(const std::string& tool, const json::object& arguments) const;
  // What its caller must be allowed: "read", "change", or nothing; of a tools/call by the tool's
  // name, of a resources/read by the URI. Callers without scopes are allowed everything.
  virtual std::string scope(std::string_view method, const std::string& name) const;
  // resources/read: the members of its result, {"contents": […]}. Errors: not_found.
  virtual Task<Result<json::object>> read(Call call);
  // prompts/get: {"messages": […], "description"?}. Errors: not_found, invalid (arguments).
  virtual Task<Result<json::object>> prompt(Call call);
  // The values that the argument may take, the likeliest first. Errors: not_found.
  virtual Result<std::vector<std::string>> complete(const Completing& completing) const;
  // Who hears of changes from now on. Only a source whose catalog `changes` has any.
  virtual void on_change(std::function<void(const Change&)> listener);
};

}  // namespace exai::mcp

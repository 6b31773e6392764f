#pragma once
// Every method, error and structure of the control protocol, as data. One table, three readers: the
// supervisor checks parameters and dispatches by it (supervisor/answers.cpp), docs/control-api.md
// is rendered from it (api_page.hpp), and a test holds it against what is really written as JSON.
//
// To add a method: its row in kMethods and its handler in kHandlers of supervisor/answers.cpp; the
// one without the other does not compile. Then `ninja -C build/dev generated` for the page. To add
// a member to what is answered: its row in fields.cpp. What a newer protocol adds has that number
// in `since`, and kProtocolVersion is counted up once a release.

#include <array>
#include <span>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/control/control.hpp"

namespace exai::control {

// What a method does to the stack, and so who may call it: whoever may look; who may change the
// stack; who may do all that the supervisor's own user may.
enum class Scope { read, change, own };
std::string_view name(Scope scope);

enum class Shape { none, text, texts, count, flag };
std::string_view name(Shape shape);

enum class Presence { optional, required };

struct Parameter {
  std::string_view name;
  Shape shape = Shape::none;
  Presence presence = Presence::optional;
  std::string_view summary;
};

struct Method {
  std::string_view name;
  Scope scope = Scope::read;
  int since = 1;                          // protocol version
  std::string_view summary;               // what it does, a sentence or two
  std::string_view result;                // a structure of fields(), or in words
  std::array<Parameter, 4> parameters{};  // up to the first without a name
  std::array<int, 4> errors{};  // its own, besides those that any method may give; 0: none
};

inline constexpr Parameter kServices{"services", Shape::texts, Presence::optional,
                                     "names of services; absent or empty: all"};
inline constexpr Parameter kNamedServices{"services", Shape::texts, Presence::required,
                                          "names of services, at least one"};
inline constexpr Parameter kSince{
    "since", Shape::count, Presence::optional,
    "the number of the last event you have seen; 0: as far back as it remembers"};

// In the order of the page.
inline constexpr std::array kMethods{
    Method{"hello",
           Scope::read,
           2,
           "Says who is there and whether it speaks your version. Never needed; with it a program "
           "learns at once, not at its first unknown method, that the other side is too old or "
           "too new.",
           "Hello",
           {Parameter{"protocol", Shape::count, Presence::required, "the version you speak"},
            Parameter{"client", Shape::text, Presence::optional, "who you are, for its log"}},
           {kUnsupportedProtocol}},
    Method{
        "authenticate",
        Scope::read,
        2,
        "Shows the token of the stack. Over TCP this is the first call, and a wrong token ends the "
        "connection; over a unix socket it is never needed.",
        "an empty object",
        {Parameter{"token", Shape::text, Presence::required, "the token"}},
        {}},
    Method{"status",
           Scope::read,
           1,
           "The state of the stack and of each service, with the age of each proof.",
           "StackStatus",
           {kServices, Parameter{"usage", Shape::flag, Presence::optional,
                                 "false: without what each service uses (memory, CPU …), which "
                                 "costs a look at each; true unless given"}},
           {kUnknownService}},
    Method{"up",
           Scope::change,
           1,
           "Starts services and what they need. What runs already stays as it is. Answers at once; "
           "watch events or status for what comes of it.",
           "StackStatus",
           {kServices},
           {kUnknownService, kShuttingDown}},
    Method{"down",
           Scope::change,
           1,
           "Stops every service, dependents first, then the supervisor itself. Answers at once; "
           "the connection ends with the supervisor. Names what it ends, so that you can see for "
           "yourself that nothing is left.",
           "Stopping",
           {},
           {}},
    Method{"start",
           Scope::change,
           2,
           "Starts services and what they need, one that was done already as well. Those that run "
           "stay as they are.",
           "StackStatus",
           {kNamedServices},
           {kUnknownService, kShuttingDown}},
    Method{"stop",
           Scope::change,
           2,
           "Stops services as their stop policy says, and before them those that need them. They "
           "stay so until they are started.",
           "StackStatus",
           {kNamedServices},
           {kUnknownService, kShuttingDown}},
    Method{"restart",
           Scope::change,
           1,
           "Stops services, then starts them, those too that were not running.",
           "StackStatus",
           {kServices},
           {kUnknownService, kShuttingDown}},
    Method{"signal",
           Scope::change,
           2,
           "Sends a signal to the main process of each service, and nothing else: whether it ends "
           "by it is the service's affair, and then its restart policy applies.",
           "StackStatus",
           {kNamedServices, Parameter{"signal", Shape::text, Presence::required,
                                      "its name (HUP, SIGUSR1) or number"}},
           {kUnknownService, kNotRunning, kShuttingDown}},
    Method{
        "scale",
        Scope::change,
        2,
        "From now on there are so many replicas of a service that has `replicas`. Those that are "
        "new start, those that are too many stop.",
        "StackStatus",
        {Parameter{"service", Shape::text, Presence::required, "its name"},
         Parameter{"replicas", Shape::count, Presence::required, "how many, 0 to 1000"}},
        {kUnknownService, kShuttingDown}},
    Method{
        "reload",
        Scope::change,
        2,
        "Reads the stack file again and makes what runs what it says; what it did not change is "
        "not touched. A stack file with errors changes nothing and is told in the answer. Answers "
        "when the plan is made; watch `reload` of status for what comes of it.",
        "Reloaded",
        {Parameter{"dry_run", Shape::flag, Presence::optional, "only say what would happen"}},
        {kShuttingDown}},
    Method{"upgrade",
           Scope::own,
           2,
           "Puts another exai-supervisor in place of the running one, after trying it; services go "
           "on. The answer has the `version` that takes over; then the connection ends, and a new "
           "one reaches the successor.",
           "an object with `version`",
           {Parameter{"program", Shape::text, Presence::required, "its path, absolute"}},
           {kShuttingDown}},
    Method{"events",
           Scope::read,
           1,
           "The events after a number, waiting until there is one (long poll).",
           "EventPage",
           {kSince,
            Parameter{"wait_ms", Shape::count, Presence::optional,
                      "how long to wait for the first one, at most 60000; absent: not at all"}},
           {}},
    Method{"subscribe",
           Scope::read,
           2,
           "From now on the events after a number come by themselves, as notifications `event` "
           "whose parameters are an Event. A subscriber who reads too slowly misses some and is "
           "told so by a notification `gap` with `from` and `to`, the numbers that are missing. "
           "Other methods may be called on the same connection meanwhile.",
           "Subscription",
           {kSince},
           {}},
};

std::span<const Parameter> parameters_of(const Method& method);
std::span<const int> errors_of(const Method& method);
const Method* find_method(std::string_view name);

// Errors: invalid, naming the parameter that is missing or of another shape. Others are ignored: a
// newer client may send more.
Result<> check_parameters(const Method& method, const json::object& parameters);

struct ErrorRow {
  int code;
  std::string_view name;
  std::string_view when;
  bool anywhere;  // every method may give it
};
std::span<const ErrorRow> errors();

// A member of a structure that is answered.
struct Field {
  std::string_view structure;
  std::string_view name;
  std::string_view type;  // as people read it: "text", "[ServiceStatus]", "ProofStatus or null"
  std::string_view summary;
  int since = 1;
};
std::span<const Field> fields();  // the members of a structure stand together

}  // namespace exai::control

#pragma once
// A conversation as the store keeps it: what was asked and answered, and what the step-wise tools
// found. chat and they go on with each other's.
//
//   under                               whose
//   thread:<id>                         of callers without a name: of whoever knows the id
//   thread-of:<SHA-256 of name>:<id>    of the caller of that name (net/gate.hpp), and of no other:
//                                       to all others nobody has used its id
//
//   {"system": "…", "turns": [{"user": "…", "assistant": "…"}, …],
//    "steps": [{"tool": "debug", "number": 2, "said": {"step": "…", "findings": "…", …},
//               "expert": "…"}, …], "forgotten_steps": 0}
//
// Bounds: the last so many turns, and all of it below kMostBytes: then the oldest steps go first,
// and after them the oldest turns. Errors: those of the store.

#include <optional>
#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "daemon/tools/tools.hpp"

namespace exai::tools {

struct Turn {
  std::string user;
  std::string assistant;
  friend bool operator==(const Turn&, const Turn&) = default;
};

struct Step {
  std::string tool;
  std::int64_t number = 0;
  json::object said;   // the arguments of the call that are about the work
  std::string expert;  // what a model that was asked said; empty: none was
  friend bool operator==(const Step&, const Step&) = default;
};

struct Conversation {
  std::string system;
  std::vector<Turn> turns;
  std::vector<Step> steps;
  std::int64_t forgotten_steps = 0;

  bool empty() const { return turns.empty() && steps.empty(); }
  friend bool operator==(const Conversation&, const Conversation&) = default;
};

inline constexpr std::size_t kMostConversationBytes = 1U << 20U;

// Cut to its bounds. Pure.
std::string stored_text(Conversation conversation, std::size_t most_turns,
                        std::size_t most_bytes = kMostConversationBytes);
Result<Conversation> parse_conversation(std::string_view text);

// For people and models: what the steps of a tool (empty: of all) found, as markdown. Pure.
std::string steps_as_text(const Conversation& conversation, std::string_view tool);

std::string new_conversation_id();
// Letters, digits, ".", "_" and "-": an id that can be part of a URI as it is.
bool is_plain_id(std::string_view id);

struct ThreadRef {
  std::string id;      // its continuation_id
  std::string caller;  // empty: has no name
};
ThreadRef thread_of(const mcp::Call& call);  // without an id: it is to be a new one
std::string key_of(const ThreadRef& ref);

// An id that nobody has used is a conversation that is empty.
Task<Result<Conversation>> load_conversation(Context& context, ThreadRef ref);
Task<Result<>> save_conversation(Context& context, ThreadRef ref, Conversation conversation);

struct Thread {
  ThreadRef ref;
  Conversation conversation;
};
// The one that a call goes on with, a new one without an id. The message of an error says what to
// do.
Task<Result<Thread>> open_thread(Context& context, ThreadRef ref);
// Under which id it can be gone on with, or why it cannot.
void tell_kept(json::object& structured, const std::string& id, const Result<>& saved);

}  // namespace exai::tools

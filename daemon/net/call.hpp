#pragma once
// One call while it waits or runs. Internal to the runner, whose parts share it: call_runner.cpp
// starts and ends calls, call_admission.cpp has their permits and signs of life, call_questions.cpp
// what they ask their clients, call_tasks.cpp how they become tasks.

#include <memory>
#include <string>

#include "daemon/net/call_runner.hpp"

namespace exai::net {

struct CallRunner::Call {
  Key key;
  std::string method;
  std::string name;
  std::shared_ptr<Peer> peer;  // none: the call has ended
  Time started;
  std::string request_id;
  std::string provider;  // that it asks, as far as one can know before
  resilience::Permit permit;
  std::size_t bytes = 0;  // of the message it came in
  TaskGroup::Handle task;
  TaskGroup::Handle heartbeat;
  TaskGroup::Handle patience;
  TaskGroup::Handle alarm;
  mcp::TaskUse tasks = mcp::TaskUse::never;  // what it may still become
  bool cancelled = false;
  std::string_view why_cancelled;
  enum class TooLate { no, call, tool } too_late = TooLate::no;  // which limit stopped it
  bool ended = false;

  mcp::FrontEnd* front_end() const { return peer ? peer->front_end() : nullptr; }
};

}  // namespace exai::net

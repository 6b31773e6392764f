#pragma once
// Another version of exai-supervisor in place of this one, while every service goes on: the process
// stays, its program is replaced (execve). So the services stay children of ours, and how they end
// stays known; the lock is never free, and clients who come meanwhile wait in the socket's queue.
//
//   check: PROGRAM --check --file STACK   it starts, and can read the snapshot and the stack file
//     └─> everything ends in order, the last snapshot is written
//           └─> execve(PROGRAM, our arguments)  with lock and socket open,
//           EXAI_HANDOVER=LOCK,SOCKET
//                 │ fails: the same with our own program
//                 └─> the new one adopts what it finds, as after a death
//
// What the new one does not know: events from before (their numbers go on), and a reload on trial,
// which counts as applied. A program that passes its check and dies nevertheless leaves services
// that go on, to be taken over by the next `exai up`.
//
// Thread: loop, and main's after it.

#include <optional>
#include <string>
#include <vector>

#include "core/base/loop.hpp"
#include "core/workspace/workspace.hpp"

namespace exai {

// What a supervisor got from the one before it.
struct Inheritance {
  LockFile lock;
  Fd socket;
};

// Of EXAI_HANDOVER; nothing: there was none, or it was not for us. Takes it out of `environment`.
std::optional<Inheritance> take_inheritance(Environment& environment, const Workspace& workspace);

// Runs the check. Gives the version of the program. Errors: invalid, with what it said.
Result<std::string> check_program(const Path& program, const Workspace& workspace,
                                  const Environment& environment);

// Does not return when it works. `own` is what is started when `program` cannot be.
Error replace_program(const Path& program, const Path& own,
                      const std::vector<std::string>& arguments, const Environment& environment,
                      const LockFile& lock, const Fd& socket);

}  // namespace exai

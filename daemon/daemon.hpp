#pragma once
// exaid as a whole: builds every part from the settings, serves, and takes all down again in one
// fixed order. The composition root; nothing else builds collaborators.
//
//   8079 MCP, EXAI ─ McpEndpoint ─ Admission ─ Registry ─ tools ─ Router ─ providers ─ HttpClient
//   8082 health ──── Monitor ─────────────────────────────└────── Store (memory; Redis: an island)
//   8000 metrics ─── Instruments
//
// Thread: the loop's. Lifetime: loop, clock and redactor outlive it; serve() has ended before it is
// destroyed.

#include <memory>

#include "core/base/log.hpp"
#include "core/base/loop.hpp"
#include "core/base/redact.hpp"
#include "daemon/settings.hpp"

namespace exai {

class Daemon {
 public:
  // `redactor` is the log's: it knows the secrets of the settings, and is told those that come.
  Daemon(Loop& loop, Clock& clock, Log log, Redactor& redactor, Settings settings);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Opens the three ports and serves until SIGTERM or SIGINT (or stdin and stdout, and until stdin
  // ends); then finishes calls within the
  // shutdown timeout and ends. A second signal ends the process at once with code 1.
  // Errors: when a port cannot be opened: conflict, with who holds it and what to do; denied;
  // invalid (no such address). Then nothing was served.
  Task<Result<>> serve();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace exai

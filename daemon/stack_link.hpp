#pragma once
// The way from exaid to the supervisor that runs it, for the tools of the stack: questions over the
// control socket, and the ends of log files, whose paths the supervisor names. Both block, so they
// run on an island, one after the other, each with a deadline.
//
// Thread: loop. Lifetime: the loop outlives it; destroying it waits for the question in progress.

#include "core/base/os.hpp"
#include "daemon/tools/stack.hpp"

namespace exai {

class StackLink final : public tools::Stack {
 public:
  // `own_service`: what the stack calls this daemon; empty: not known.
  StackLink(Loop& loop, Path socket, std::string own_service);

  const std::string& own_service() const override { return own_service_; }
  const std::vector<std::string>& known_services() const override { return known_; }
  Task<Result<json::object>> status(std::string service) override;
  Task<Result<json::object>> events(std::uint64_t since) override;
  Task<Result<tools::LogTail>> log(std::string service, std::size_t lines) override;
  Task<Result<json::object>> doctor(json::object health) override;
  Task<Result<json::object>> restart(std::string service) override;

 private:
  Path socket_;
  std::string own_service_;
  std::vector<std::string> known_;
  Island island_;
};

// The last lines of a log: at most `lines` of them, from its last Stack::kMostBytes. Of a very long
// line the beginning. Blocks. Errors: not_found, denied.
Result<tools::LogTail> tail_of_log(const Path& log, std::size_t lines);

}  // namespace exai

#pragma once
// What clients may read without calling a tool. Read-only, bounded, without secrets.
//
//   exai://status               the facts of the tool status
//   exai://health               the report of /health
//   exai://config               every option of this daemon in its environment: value and origin
//   exai://conversations/{id}   a conversation of chat and the step-wise tools; who listens is told
//                               when it goes on
//   exai://files/{id}           a kept file, of at most 8 MiB; where files are kept
//   exai://logs/{service}       the end of a service's log; where a stack may be looked at
//
// An id or name that could be anything but itself (a slash, "..") is not found.

#include "daemon/tools/conversation.hpp"
#include "daemon/tools/tools.hpp"

namespace exai::tools {

std::string conversation_uri(const std::string& id);
std::string file_uri(const std::string& id);

class Resources {
 public:
  // Lifetime: the context outlives it. `logs`: whether the stack's logs may be read.
  Resources(Context& context, bool logs) : context_(context), logs_(logs) {}

  void describe(mcp::Catalog& catalog) const;
  // Errors: not_found; those of the store and of the stack.
  Task<Result<json::object>> read(std::string uri, std::string caller) const;
  // Errors: not_found, no such template or variable.
  Result<std::vector<std::string>> complete(const mcp::Completing& completing) const;

 private:
  Task<Result<json::object>> conversation(std::string uri, ThreadRef ref) const;
  Task<Result<json::object>> file(std::string uri, store::FileRef ref) const;
  Task<Result<json::object>> log(std::string uri, std::string service) const;
  json::object config() const;

  Context& context_;
  bool logs_;
};

}  // namespace exai::tools

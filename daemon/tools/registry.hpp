#pragma once
// All tools, in the order in which clients see them: looks a call's tool up, validates its
// arguments, runs it. Which tools there are is a table in registry.cpp.

#include <vector>

#include "daemon/tools/arguments.hpp"
#include "daemon/tools/tools.hpp"

namespace exai::tools {

class Registry final : public mcp::Source {
 public:
  // A call that takes longer than the limit is stopped, and fails.
  // Aborts when an embedded description does not parse: a test keeps that from happening.
  explicit Registry(Context context, Duration call_limit = 5min);
  Registry(const Registry&) = delete;  // tools refer to it
  Registry& operator=(const Registry&) = delete;

  const mcp::Catalog& catalog() const override { return catalog_; }
  const std::vector<mcp::ToolInfo>& tools() const { return catalog_.tools; }
  Task<Result<mcp::ToolResult>> call(mcp::Call call) override;
  // The provider that the router would ask for a tool that talks to the outside, and
  // continuation_id.
  mcp::Needs needs(const std::string& tool, const json::object& arguments) const override;

 private:
  Task<Result<mcp::ToolResult>> run(Handler handler, mcp::Call call);

  Context context_;
  Duration call_limit_;
  mcp::Catalog catalog_;
  std::vector<ArgumentCheck> checks_;  // in the same order
};

}  // namespace exai::tools

#pragma once
// What this daemon offers to MCP clients: the tools that are switched on, a prompt for each
// step-wise one, and the resources. Looks a call's tool up, validates its arguments, runs it, and
// writes it into the journal. Which tools there are is the list in CMakeLists.txt.

#include <vector>

#include "daemon/tools/arguments.hpp"
#include "daemon/tools/needs.hpp"
#include "daemon/tools/resources.hpp"
#include "daemon/tools/selection.hpp"
#include "daemon/tools/tools.hpp"
#include "daemon/tools/uploads.hpp"

namespace exai::tools {

class Registry final : public mcp::Source {
 public:
  // A call that takes longer than the limit is stopped, and fails.
  // Aborts when an embedded description does not parse: a test keeps that from happening.
  explicit Registry(Context context, Duration call_limit = 5min, const Selection& selection = {});
  Registry(const Registry&) = delete;  // tools refer to it
  Registry& operator=(const Registry&) = delete;

  const mcp::Catalog& catalog() const override { return catalog_; }
  const std::vector<mcp::ToolInfo>& tools() const { return catalog_.tools; }
  const std::vector<Definition>& definitions() const { return definitions_; }

  Task<Result<mcp::ToolResult>> call(mcp::Call call) override;
  // The provider that the call would ask (needs.hpp), and continuation_id.
  mcp::Needs needs(const std::string& tool, const json::object& arguments) const override;
  // Of operations tools, and of logs as resources.
  std::string scope(std::string_view method, const std::string& name) const override;
  Task<Result<json::object>> read(mcp::Call call) override;
  Task<Result<json::object>> prompt(mcp::Call call) override;
  Result<std::vector<std::string>> complete(const mcp::Completing& completing) const override;
  void on_change(std::function<void(const mcp::Change&)> listener) override;

 private:
  struct Offered {  // in the order of the catalog's tools
    Handler handler;
    ArgumentCheck check;
  };
  Task<Result<mcp::ToolResult>> checked(mcp::Call call);
  // The tool's own name, for one that it had once.
  std::string today(const std::string& name) const;
  Task<Result<mcp::ToolResult>> run(Handler handler, mcp::Call call);
  Result<std::size_t> index_of(const std::string& name) const;
  const Definition* offered_workflow(const std::string& name) const;
  void conversation_changed(const std::string& id) const;

  Context context_;
  UploadLine uploads_;
  Panels panels_;
  Journal journal_;
  std::vector<Definition> definitions_;
  std::vector<std::string> off_;  // of each definition: why, or empty
  mcp::Catalog catalog_;
  std::vector<Offered> offered_;
  Resources resources_;
  std::function<void(const mcp::Change&)> listener_;
};

}  // namespace exai::tools

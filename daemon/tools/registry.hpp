#pragma once
// What this daemon offers to MCP clients: the tools that are switched on, a prompt for each
// step-wise one, and the resources. Looks a call's tool up, validates its arguments, runs it, and
// writes it into the journal. Which tools there are is the list in CMakeLists.txt.

#include <optional>
#include <string_view>
#include <unordered_map>
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
  // Whoever runs a call stops it after the limit: a tool that asks others leaves them less.
  // Aborts when an embedded description does not parse: a test keeps that from happening.
  explicit Registry(Context context, Duration call_limit = 5min, const Selection& selection = {});
  Registry(const Registry&) = delete;  // tools refer to it
  Registry& operator=(const Registry&) = delete;

  const mcp::Catalog& catalog() const override { return catalog_; }
  bool has_tool(std::string_view name) const override;
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
  struct Offered {
    Handler handler;
    ArgumentCheck check;
  };
  struct Journaled;
  // By the name that it has, or had once; among the definitions.
  std::optional<std::size_t> find_tool(std::string_view name) const;
  Error no_tool(const std::string& name) const;
  const Definition* offered_workflow(const std::string& name) const;
  void conversation_changed(const std::string& id) const;

  Context context_;
  UploadLine uploads_;
  Panels panels_;
  Journal journal_;
  std::vector<Definition> definitions_;
  std::vector<std::string> off_;  // of each definition: why, or empty
  mcp::Catalog catalog_;
  std::vector<std::optional<Offered>> offered_;  // of each definition: none, it is off
  std::unordered_map<std::string_view, std::size_t> by_name_;  // all of them, off or not
  Resources resources_;
  std::function<void(const mcp::Change&)> listener_;
};

}  // namespace exai::tools

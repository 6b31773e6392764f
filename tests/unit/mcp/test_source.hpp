#pragma once
// A source of which tests fill the catalog; nothing runs through it.

#include "daemon/mcp/mcp.hpp"

namespace exai::test {

class TestSource final : public mcp::Source {
 public:
  TestSource() = default;
  explicit TestSource(mcp::Catalog catalog) : catalog_(std::move(catalog)) {}

  const mcp::Catalog& catalog() const override { return catalog_; }
  Task<Result<mcp::ToolResult>> call(mcp::Call) override {
    co_return fail(Errc::not_found, "nothing runs here");
  }
  Result<std::vector<std::string>> complete(const mcp::Completing& completing) const override {
    if (completing.name != "greet") return fail(Errc::not_found, "no prompt {}", completing.name);
    return std::vector<std::string>(120, completing.argument + "=" + completing.value);
  }

 private:
  mcp::Catalog catalog_;
};

}  // namespace exai::test

// exai-gen FILE: prints what is made from the option table, from the table of the control protocol
// and from the descriptions of the tools. A test compares it with the files.
#include <cstdio>
#include <string_view>

#include "core/config/option_docs.hpp"
#include "core/control/api_page.hpp"
#include "daemon/tools/tool_page.hpp"

int main(int argc, char** argv) {
  using namespace exai::config;
  const OptionTable& table = OptionTable::shipped();
  const std::string_view wanted = argc == 2 ? argv[1] : "";
  std::string text;
  if (wanted == ".env.example") text = env_example(table);
  if (wanted == ".env.docker.example") text = env_docker_example(table);
  if (wanted == "CONFIGURATION.md") text = configuration_manual(table);
  if (wanted == "control-api.md") text = exai::control::api_page();
  if (wanted == "TOOLS.md") text = exai::tools::tool_page(exai::tools::read_definitions());
  std::fputs(text.c_str(), stdout);
  return text.empty() ? 2 : 0;
}

// Two halves of any bytes are an example and a file to complete from it.
#include <cstdint>
#include <cstdlib>

#include "core/config/env_compare.hpp"

using namespace exai::config;

namespace {

std::vector<DotenvEntry> entries_of(const std::string& text) {
  const Lookup nothing = [](std::string_view) { return std::nullopt; };
  const auto source = std::make_shared<const Source>(Source{"fuzz.env", text});
  return parse_dotenv(source, nothing, nothing).entries;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string all(reinterpret_cast<const char*>(data), size);
  const std::string example = all.substr(0, size / 2);
  const std::string file = all.substr(size / 2);
  const auto of_example = entries_of(example);
  const auto of_file = entries_of(file);
  const auto is_secret = [](std::string_view name) { return name.size() % 2 == 1; };
  const auto missing = missing_names({example, of_example}, {file, of_file}, is_secret);
  std::size_t added = 0;
  for (const EnvInsertion& one : missing) {
    if (one.offset > file.size()) std::abort();
    added += one.text.size();
  }
  const std::string result = with_insertions(file, missing);
  if (result.size() > file.size() + added) std::abort();
  (void)compare_env({example, of_example}, {file, of_file});
  return 0;
}

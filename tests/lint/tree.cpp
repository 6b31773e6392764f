#include "tests/lint/tree.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace exai::lint {
namespace {

bool is_skipped(const std::filesystem::path& name) {
  return name == "build" || name == "node_modules" || name == ".git" || name == ".env";
}

}  // namespace

std::vector<File> read_tree(const std::filesystem::path& top) {
  std::vector<std::filesystem::path> paths;
  std::filesystem::recursive_directory_iterator walk(top);
  for (; walk != std::filesystem::end(walk); ++walk) {
    if (is_skipped(walk->path().filename()))
      walk.disable_recursion_pending();
    else if (walk->is_regular_file())
      paths.push_back(walk->path());
  }
  std::sort(paths.begin(), paths.end());

  std::vector<File> files;
  for (const auto& path : paths) {
    std::ifstream in(path, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(in), {});
    files.push_back(make_file(path.lexically_relative(top).generic_string(), std::move(text)));
  }
  return files;
}

}  // namespace exai::lint

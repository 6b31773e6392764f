// exai_lint [FOLDER]: the project's own rules over a source tree. Exit 1 when there is an error.

#include <iostream>

#include "tests/lint/tree.hpp"

int main(int argc, char** argv) {
  const auto files = exai::lint::read_tree(argc > 1 ? argv[1] : ".");
  std::size_t errors = 0;
  std::size_t warnings = 0;
  for (const auto& file : files)
    for (const auto& finding : exai::lint::check(file)) {
      std::cout << render(finding) << '\n';
      ++(finding.level == exai::lint::Level::error ? errors : warnings);
    }
  std::cout << "lint: " << files.size() << " files, " << errors << " errors, " << warnings
            << " warnings\n";
  return errors == 0 ? 0 : 1;
}

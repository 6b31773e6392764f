// Prints .env.example. A test compares it with the file.
#include <cstdio>

#include "core/config/options.hpp"

int main() {
  using namespace exai::config;
  std::fputs(env_example(OptionTable::shipped()).c_str(), stdout);
}

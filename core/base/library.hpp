#pragma once
// Shared libraries that are opened when they are first needed: http_curl.hpp and openssl.hpp say
// which, and why. Both abort when something is not there, for a program that got so far has it.

#include <dlfcn.h>

#include "core/base/error.hpp"

namespace exai {

// Stays open until the process ends: its threads and its exit handlers live in it.
inline void* open_library(const char* name) {
  void* library = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
  EXAI_ASSERT(library != nullptr);
  return library;
}

template <class Function>
void find(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(::dlsym(library, name));
  EXAI_ASSERT(function != nullptr);
}

}  // namespace exai

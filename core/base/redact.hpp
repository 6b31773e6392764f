#pragma once
// Hides known secrets in text: every value it was told, wherever it stands, becomes "[NAME]". One
// Redactor is shared by all that a program prints or logs, so a value is told once.
//
// A value is found in the forms in which text carries it on:
//
//   raw       as it is; of a text of several lines, each line by itself too
//   JSON      "\n", "\"", "\\", "\u001f"; with and without "\/"
//   URL       %2F and %2f; as a path, a query and a form leave characters alone
//   base64    at each of the three alignments, so also inside a longer text that was encoded
//             (Basic authentication); both alphabets, with and without padding
//
// Values shorter than 8 bytes are not searched for: they would hit innocent text.
//
// One pass over the text, however many values there are: a filter looks at every fifth place of it
// (gigabytes a second where nothing is found), Aho and Corasick's automaton at what the filter
// suspects. Nothing at all while there are no values. Thread: any.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/secret.hpp"

namespace exai {

class Automaton;

class Redactor {
 public:
  Redactor();
  ~Redactor();
  Redactor(const Redactor&) = delete;
  Redactor& operator=(const Redactor&) = delete;

  // From now on; a value that is known already costs nothing.
  void add(std::string_view name, const Secret& value);
  std::string redact(std::string text) const;

  // For a text that comes in pieces. Up to `settled` it is known what is secret; what follows may
  // turn out to be the beginning of a value, and is to be asked about again with what comes next.
  struct Found {
    struct Place {
      std::size_t begin = 0;
      std::size_t end = 0;
      std::string name;
    };
    std::vector<Place> secrets;  // all before `settled`, in order, apart from one another
    std::size_t settled = 0;
  };
  // `last`: nothing comes after it, so all of it is settled.
  Found find(std::string_view text, bool last = false) const;

 private:
  std::shared_ptr<const Automaton> automaton() const;  // none: nothing to hide

  struct Known;
  mutable std::mutex mutex_;  // told by the loop, asked by every thread that logs
  std::atomic<bool> any_ = false;
  std::unique_ptr<Known> known_;
  mutable std::shared_ptr<const Automaton> automaton_;
};

}  // namespace exai

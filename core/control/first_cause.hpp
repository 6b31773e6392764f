#pragma once
// From many symptoms to the one thing to do first. Pure.
//
// A finding is a cause, or the symptom of another one:
//
//   configuration  nothing can be started while the file is broken  ┐
//   disk           nothing can be written                           │ causes, in this order:
//   ports          a stranger sits where a service must listen      │ the first bad one wins
//   engine         no supervisor: explains everything that is down  ┘
//   processes      ┐ causes only for a service none of whose needs, near or far, is bad itself;
//   dependencies   │ among those of one area, the one that explains the most others
//   mcp            ┘

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace exai::control {

enum class Area { configuration, disk, ports, engine, processes, dependencies, mcp };
std::string_view name(Area area);

enum class Level { ok, note, bad };
std::string_view name(Level level);

struct Finding {
  Area area = Area::engine;
  Level level = Level::ok;
  std::string service;  // empty: about the whole stack
  std::string message;
  std::string fix;  // a command to type, or what to do; empty when there is nothing to do
};

using Needs = std::map<std::string, std::vector<std::string>>;  // service → what it needs

struct FirstCause {
  std::size_t finding = 0;               // index of the cause
  std::vector<std::string> explains;     // other services whose trouble follows from it
  std::vector<std::size_t> unexplained;  // bad findings that will remain

  friend bool operator==(const FirstCause&, const FirstCause&) = default;
};

// Nothing: no finding is bad.
std::optional<FirstCause> first_cause(const std::vector<Finding>& findings, const Needs& needs);

}  // namespace exai::control

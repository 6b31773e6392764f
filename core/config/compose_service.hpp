#pragma once
// From a service's merged tree to ComposeService: both forms of everything become one. Pure: files
// that it names are read by whoever loads the project.

#include <functional>

#include "core/config/compose_interpolate.hpp"
#include "core/config/compose_merge.hpp"
#include "core/config/compose_model.hpp"

namespace exai::config {

// A service while files are laid over each other.
struct ComposeDraft {
  std::string name;
  Span span;  // of the name
  Node node;
  Overridden overridden;  // in environment:, weakest first
  std::vector<PlacedText> extends;
};

struct ComposeContext {
  const ComposeEnvironment& environment;
  // A path that a node of some file holds, absolute: relative ones begin at the file's own base.
  std::function<Path(const Span& written, const std::string& path)> absolute;
  Diagnostics& diagnostics;  // CMP003: a port, duration, … that is none
};

ComposeService build_service(const ComposeDraft& draft, const ComposeContext& context);

// A top-level volume, network, secret or config.
ComposeResource build_resource(const Member& member, const ComposeContext& context);

}  // namespace exai::config

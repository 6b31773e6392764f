#pragma once
// The files that services name: env_file and Dockerfiles, read into the project.

#include "core/config/compose.hpp"
#include "core/config/compose_reader.hpp"

namespace exai::config {

// CMP017 for what is not there; the diagnostics of what is. A file that several services name is
// read once, and parsed once unless what it says depends on who reads it.
void read_named_files(ComposeProject& project, const ComposeRequest& request,
                      const ComposeReader& reader, const Facilities& world);

}  // namespace exai::config

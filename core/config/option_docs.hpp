#pragma once
// What is generated from the option table: files in the repository that a test keeps in step with
// it. `ninja generated` writes them anew.

#include <string>

#include "core/config/options.hpp"

namespace exai::config {

// .env.example: every option with its description, limits and default, switched off.
std::string env_example(const OptionTable& table);

// configs/env/.env.docker.example: the same lines, with what differs inside a container switched
// on.
std::string env_docker_example(const OptionTable& table);

// docs/CONFIGURATION.md: the options by group, the rules between them, the names that are gone.
std::string configuration_manual(const OptionTable& table);

}  // namespace exai::config

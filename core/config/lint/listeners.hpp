#pragma once
// Where services listen, as far as their files say: the facts that the rules about ports share.

#include <optional>
#include <string>
#include <vector>

#include "core/config/compose_model.hpp"
#include "core/config/lint/known_images.hpp"
#include "core/config/lint/rules.hpp"

namespace exai::config {

struct Listener {
  enum class By {
    image,          // everybody knows it of the image
    variable,       // PORT=8080 of its own environment
    command,        // --port 8080
    shared,         // a variable of an env_file, which other services may read too
    exposed,        // expose of the service: documentation
    image_exposed,  // EXPOSE of its Dockerfile
  } by = By::image;
  int port = 0;
  std::string what;  // "HTTP_PORT", "--port", "EXPOSE", "postgres"
  Span span;         // none for images
  bool is_sure() const { return by < By::shared; }
};

struct Listening {
  std::vector<Listener> all;
  const KnownImage* image = nullptr;  // when it listens where that image does
  bool on(int port) const;
  const Listener* first_sure() const;
  const Listener* main() const;  // the first sure one that is not for metrics, health or the like
  bool has_exposed() const;      // by its Dockerfile
};

Listening listening_of(const ComposeService& service);

// It has no network of its own, but another service's or the host's.
bool shares_network(const ComposeService& service);
// A container's port that can be reached at the host, at whichever port of it.
bool is_published(const ComposeService& service, int port);
// Services of different profiles are alternatives, as far as a file can say.
bool may_run_together(const ComposeService& a, const ComposeService& b);

// A variable that says where its own program listens, not where another one does: HTTP_PORT,
// METRICS_PORT; not REDIS_PORT.
bool is_own_port_variable(std::string_view name);

// An option of exaid that says where it listens.
std::vector<const Option*> own_port_options(const LintSubject& subject);
std::optional<int> port_value(const LintSubject& subject, std::string_view option);

// The port of `--port 8080`, `--bind=0.0.0.0:8080`, `runserver 0.0.0.0:8080` in a command.
std::optional<int> port_in_command(const std::vector<std::string>& words);
// The command names a file with settings of its own, where the port may be.
bool reads_configuration(const std::vector<std::string>& words);

// "8080", "0.0.0.0:8080", ":8080"
std::optional<int> port_at_end(std::string_view text);

}  // namespace exai::config

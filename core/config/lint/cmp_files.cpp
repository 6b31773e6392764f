// CMP020: a program's configuration file that lies beside the Compose file and that nothing reads.

#include <algorithm>
#include <array>
#include <map>

#include "core/base/contains.hpp"
#include "core/base/text.hpp"
#include "core/config/lint/cmp_rules.hpp"
#include "core/config/lint/compose_facts.hpp"

namespace exai::config {

namespace {

// A file, the image whose program would read it, and where it does.
struct Kind {
  std::string_view file;
  std::string_view image;
  std::string_view target;
};
constexpr std::array kKinds = {
    Kind{"Caddyfile", "caddy", "/etc/caddy/Caddyfile"},
    Kind{"alertmanager.yml", "alertmanager", "/etc/alertmanager/alertmanager.yml"},
    Kind{"default.conf", "nginx", "/etc/nginx/conf.d/default.conf"},
    Kind{"elasticsearch.yml", "elasticsearch", "/usr/share/elasticsearch/config/elasticsearch.yml"},
    Kind{"envoy.yaml", "envoy", "/etc/envoy/envoy.yaml"},
    Kind{"grafana.ini", "grafana", "/etc/grafana/grafana.ini"},
    Kind{"haproxy.cfg", "haproxy", "/usr/local/etc/haproxy/haproxy.cfg"},
    Kind{"mongod.conf", "mongo", "/etc/mongod.conf"},
    Kind{"mosquitto.conf", "eclipse-mosquitto", "/mosquitto/config/mosquitto.conf"},
    Kind{"my.cnf", "mariadb", "/etc/mysql/conf.d/my.cnf"},
    Kind{"my.cnf", "mysql", "/etc/mysql/conf.d/my.cnf"},
    Kind{"nginx.conf", "nginx", "/etc/nginx/nginx.conf"},
    Kind{"pgbouncer.ini", "pgbouncer", "/etc/pgbouncer/pgbouncer.ini"},
    Kind{"postgresql.conf", "postgres", "/etc/postgresql/postgresql.conf"},
    Kind{"prometheus.yaml", "prometheus", "/etc/prometheus/prometheus.yml"},
    Kind{"prometheus.yml", "prometheus", "/etc/prometheus/prometheus.yml"},
    Kind{"rabbitmq.conf", "rabbitmq", "/etc/rabbitmq/rabbitmq.conf"},
    Kind{"redis.conf", "redis", "/usr/local/etc/redis/redis.conf"},
    Kind{"traefik.toml", "traefik", "/etc/traefik/traefik.toml"},
    Kind{"traefik.yml", "traefik", "/etc/traefik/traefik.yml"},
    Kind{"valkey.conf", "valkey", "/usr/local/etc/valkey/valkey.conf"},
};

// Where people put them: beside the Compose file, in folders of these names or of a service's.
bool holds_configuration(std::string_view folder, const ComposeProject& project) {
  constexpr std::array<std::string_view, 6> kNames = {"conf",   "config", "configs",
                                                      "deploy", "docker", "etc"};
  return contains(kNames, folder) || project.find(folder) != nullptr;
}

class Search {
 public:
  Search(const LintSubject& subject, Findings& findings)
      : subject_(subject), project_(*subject.project.compose), findings_(findings) {
    for (const ComposeService& service : project_.services)
      if (const auto image = base_image(service)) readers_.emplace(image->name(), &service);
  }

  void run() {
    if (project_.files.empty() || !has_any_reader()) return;
    const auto names = subject_.world.list(project_.folder);
    if (!names) return;
    for (const std::string& name : *names) {
      look_at(name);
      if (!holds_configuration(name, project_)) continue;
      if (const auto inside = subject_.world.list(project_.folder / name))
        for (const std::string& file : *inside) look_at(name + "/" + file);
    }
  }

 private:
  const ComposeService* reader_of(const Kind& kind) const {
    const auto found = readers_.find(kind.image);
    return found == readers_.end() ? nullptr : found->second;
  }

  bool has_any_reader() const {
    return std::any_of(kKinds.begin(), kKinds.end(),
                       [&](const Kind& kind) { return reader_of(kind) != nullptr; });
  }

  void look_at(const std::string& file) {
    const std::string name = Path(file).filename().string();
    for (const Kind& kind : kKinds) {
      if (kind.file != name) continue;
      const ComposeService* reader = reader_of(kind);
      if (reader == nullptr || is_named(name) || is_mounted(project_.folder / file) ||
          is_copied(project_.folder / file))
        continue;
      Diagnostic& one =
          findings_.add("CMP020", reader->span,
                        fmt::format("{} is there, but neither {} nor another service reads it",
                                    printable(file), who(*reader)),
                        fmt::format("mount it: volumes: [\"./{}:{}:ro\"]; or remove it",
                                    printable(file), kind.target));
      one.subject = "file " + file;
    }
  }

  // Any word about it anywhere is enough: scripts and arguments have many ways to use a file.
  bool is_named(const std::string& name) const {
    const auto names_it = [&](const SourcePtr& source) {
      return source != nullptr && source->text.find(name) != std::string::npos;
    };
    for (const auto* files : {&project_.files, &project_.other_files})
      for (const ComposeFile& file : *files)
        if (names_it(file.source)) return true;
    for (const EnvFile& file : subject_.project.env_files)
      if (names_it(file.source)) return true;
    for (const ComposeService& service : project_.services)
      if (service.build && service.build->parsed && names_it(service.build->parsed->source))
        return true;
    return names_it(subject_.resolved.tree.span.source);
  }

  bool is_mounted(const Path& file) const {
    for (const ComposeService& service : project_.services)
      for (const ComposeMount& mount : service.volumes)
        if (mount.type == "bind" && is_within(file, mount.host_path)) return true;
    return false;
  }

  // A Dockerfile that copies a folder copies what is in it; one that cannot be read may.
  bool is_copied(const Path& file) const {
    for (const ComposeService& service : project_.services) {
      if (!service.build || service.build->folder.empty()) continue;
      if (!is_within(file, service.build->folder)) continue;
      if (!service.build->parsed) return true;
      for (const DockerStage& stage : service.build->parsed->stages)
        for (const DockerCopy& copy : stage.copies)
          for (const DockerWord& source : copy.sources)
            if (copy.from.empty() && covers(service.build->folder, source.text, file)) return true;
    }
    return false;
  }

  static bool covers(const Path& context, const std::string& source, const Path& file) {
    if (source.find('*') != std::string::npos) return true;
    Path path = Path("/" + source).lexically_normal();
    if (!path.has_filename()) path = path.parent_path();
    return is_within(file, (context / path.relative_path()).lexically_normal());
  }

  const LintSubject& subject_;
  const ComposeProject& project_;
  Findings& findings_;
  std::map<std::string, const ComposeService*, std::less<>> readers_;  // by the image's name
};

}  // namespace

void unused_configuration(const LintSubject& subject, Findings& findings) {
  if (subject.project.compose != nullptr) Search(subject, findings).run();
}

}  // namespace exai::config

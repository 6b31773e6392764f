#include "core/config/lint/known_images.hpp"

#include <algorithm>

#include "core/base/contains.hpp"

namespace exai::config {

namespace {

using enum KnownImage::Kind;

constexpr std::array kImages = {
    KnownImage{"adminer", admin, {8080}, "ADMINER_"},
    KnownImage{"alertmanager", admin, {9093}},
    KnownImage{"cadvisor", admin, {8080}},
    KnownImage{"cassandra", database, {9042, 7000, 7199}, "CASSANDRA_ JVM_ MAX_HEAP HEAP_"},
    KnownImage{"clickhouse-server", database, {8123, 9000, 9009}, "CLICKHOUSE_"},
    KnownImage{"consul", admin, {8500, 8600, 8300, 8301}, "CONSUL_"},
    KnownImage{"couchdb", database, {5984}, "COUCHDB_ NODENAME ERL_"},
    KnownImage{"dozzle", admin, {8080}, "DOZZLE_"},
    KnownImage{"elasticsearch", database, {9200, 9300}},
    KnownImage{"etcd", database, {2379, 2380}, "ETCD_ ETCDCTL_"},
    KnownImage{"grafana", admin, {3000}, "GF_", "GF_SERVER_HTTP_PORT"},
    KnownImage{"influxdb", database, {8086}, "INFLUXDB_ DOCKER_INFLUXDB_ INFLUXD_"},
    KnownImage{"kafka-ui", admin, {8080}},
    KnownImage{"kibana", admin, {5601}},
    KnownImage{"loki", other, {3100, 9095}},
    KnownImage{"mailhog", admin, {8025, 1025}, "MH_"},
    KnownImage{"mailpit", admin, {8025, 1025}, "MP_"},
    KnownImage{"mariadb", database, {3306}, "MARIADB_ MYSQL_"},
    KnownImage{"memcached", database, {11211}, "MEMCACHED_"},
    KnownImage{"mongo", database, {27017}, "MONGO"},
    KnownImage{"mongo-express", admin, {8081}, "ME_", "PORT"},
    KnownImage{"mysql", database, {3306}, "MYSQL_"},
    KnownImage{"nats", other, {4222, 8222, 6222}},
    KnownImage{"nginx", proxy, {}, "NGINX_"},
    KnownImage{"node-exporter", admin, {9100}},
    KnownImage{"ollama", other, {11434}, "OLLAMA_ CUDA_ HSA_ NVIDIA_", "OLLAMA_HOST"},
    KnownImage{"opensearch", database, {9200, 9300, 9600}},
    KnownImage{"pgadmin4", admin, {80, 443}, "PGADMIN_ GUNICORN_", "PGADMIN_LISTEN_PORT"},
    KnownImage{"pgvector", database, {5432}, "POSTGRES PG", "PGPORT"},
    KnownImage{"phpmyadmin", admin, {80}, "PMA_ MYSQL_ PHP_ APACHE_ UPLOAD_", "APACHE_PORT"},
    KnownImage{"portainer-ce", admin, {9000, 9443, 8000}},
    KnownImage{"postgis", database, {5432}, "POSTGRES PG", "PGPORT"},
    KnownImage{"postgres", database, {5432}, "POSTGRES PG", "PGPORT"},
    KnownImage{"postgresql", database, {5432}, "POSTGRES PG", "POSTGRESQL_PORT_NUMBER"},
    KnownImage{"prometheus", admin, {9090}},
    KnownImage{"qdrant", database, {6333, 6334, 6335}, "QDRANT"},
    KnownImage{"rabbitmq", database, {5672, 15672, 15692, 25672}, "RABBITMQ_ ERLANG_"},
    KnownImage{"redis", database, {6379}, "REDIS", "REDIS_PORT_NUMBER"},
    KnownImage{"redis-commander", admin, {8081}, "REDIS HTTP_ URL_ PORT", "PORT"},
    KnownImage{"redis-stack", database, {6379, 8001}, "REDIS"},
    KnownImage{"redis-stack-server", database, {6379}, "REDIS"},
    KnownImage{"redisinsight", admin, {5540}, "RI_", "RI_APP_PORT"},
    KnownImage{"timescaledb", database, {5432}, "POSTGRES PG TIMESCALEDB TS_", "PGPORT"},
    KnownImage{"timescaledb-ha", database, {5432, 8008}, "POSTGRES PG TIMESCALEDB TS_", "PGPORT"},
    KnownImage{"valkey", database, {6379}, "VALKEY REDIS"},
    KnownImage{"vault", admin, {8200, 8201}, "VAULT_"},
    KnownImage{"weaviate", database, {8080, 50051}},
    KnownImage{"zookeeper", database, {2181, 2888, 3888, 8080}, "ZOO ZOOKEEPER JVM"},
};

// Where anybody may listen, by configuration; but who publishes them means to be reached.
constexpr std::array<std::string_view, 6> kProxies = {"caddy", "envoy",   "haproxy",
                                                      "httpd", "traefik", "nginx-proxy"};
constexpr KnownImage kProxy{"proxy", proxy, {}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kPrograms = {
    {{"redis-server", "redis"},
     {"valkey-server", "valkey"},
     {"postgres", "postgres"},
     {"mysqld", "mysql"},
     {"mariadbd", "mariadb"},
     {"mongod", "mongo"},
     {"memcached", "memcached"},
     {"nginx", "nginx"},
     {"rabbitmq-server", "rabbitmq"}}};

const KnownImage* by_name(std::string_view name) {
  const auto found = std::find_if(kImages.begin(), kImages.end(),
                                  [&](const KnownImage& one) { return one.name == name; });
  if (found != kImages.end()) return &*found;
  const bool is_proxy = contains(kProxies, name);
  return is_proxy ? &kProxy : nullptr;
}

}  // namespace

bool KnownImage::listens_on(int port) const {
  return contains(ports, port);
}

bool KnownImage::reads(std::string_view variable) const {
  if (prefixes.empty()) return true;
  for (std::string_view rest = prefixes; !rest.empty();) {
    const std::size_t blank = std::min(rest.find(' '), rest.size());
    if (variable.starts_with(rest.substr(0, blank))) return true;
    rest.remove_prefix(std::min(blank + 1, rest.size()));
  }
  return variable == "TZ" || variable.starts_with("LANG") || variable.starts_with("LC_");
}

const KnownImage* find_image(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const std::size_t slash = image.rfind('/');
  if (slash != image.npos) image.remove_prefix(slash + 1);
  return by_name(image.substr(0, image.find(':')));
}

const KnownImage* find_program_image(std::string_view program) {
  const std::size_t slash = program.rfind('/');
  if (slash != program.npos) program.remove_prefix(slash + 1);
  for (const auto& [one, image] : kPrograms)
    if (one == program) return by_name(image);
  return nullptr;
}

}  // namespace exai::config

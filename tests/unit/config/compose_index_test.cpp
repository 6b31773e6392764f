// What is found in a Compose project without looking through it: services, references, values.
#include <fmt/core.h>

#include <catch2/catch.hpp>

#include "core/config/compose.hpp"
#include "core/config/lint/reference_index.hpp"
#include "core/config/lint/sightings.hpp"
#include "tests/unit/config/memory_files.hpp"

namespace exai::config::test {

namespace {

struct World {
  std::map<std::string, std::string> files;  // below /p

  ComposeProject load() const {
    ComposeRequest request;
    request.folder = "/p";
    Facilities world;
    world.read = reads_from(files, "/p");
    return load_compose(request, world);
  }
};

}  // namespace

TEST_CASE("a value of a Compose file is found by its place, under the name that fixes declare") {
  const ComposeProject project = World{
      {{"compose.yaml",
        "services:\n"
        "  a:\n"
        "    image: x:1\n"
        "    ports: [\"80:80\", \"81:81\"]\n"
        "    environment: &all {A: one, B: two}\n"
        "  b:\n"
        "    image: y:1\n"
        "    environment: *all\n"}}}.load();
  LeafIndex leaves(project);
  const ComposeService& a = *project.find("a");
  CHECK(leaves.at(a.ports[1].span) == "services.a.ports[1]");
  CHECK(leaves.at(a.environment[1].value_span) == "services.a.environment.B");
  CHECK(leaves.at(project.find("b")->environment[0].value_span) == "services.a.environment.A");
  CHECK_FALSE(leaves.at(a.span));
  CHECK_FALSE(leaves.at({}));
}

TEST_CASE("services are found by name, also behind one that an override takes away") {
  const ComposeProject project =
      World{
          {{"compose.yaml", "services:\n  a: {image: x:1}\n  b: {image: x:1}\n  c: {image: x:1}\n"},
           {"compose.override.yaml",
            "services:\n  b: !reset null\n  c: {image: x:2}\n  d: {image: x:3}\n"}}}
          .load();
  std::string found;
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    const ComposeService* service = project.find(name);
    found += fmt::format("{}={} ", name, service == nullptr ? "-" : service->image->value);
  }
  CHECK(found == "a=x:1 b=- c=x:2 d=x:3 e=- ");
  CHECK(project.services.size() == 3);
}

TEST_CASE("the references inside a place are found by the place, in the order of the text") {
  World world{{{"compose.yaml",
                "services:\n"
                "  a:\n"
                "    image: x:${TAG}\n"
                "    command: run ${ONE} ${TWO:-${THREE}}\n"
                "    entrypoint: [go, \"${FOUR}\"]\n"
                "  b: {image: \"y:${FIVE}\", command: none}\n"}}};
  const ComposeProject project = world.load();
  const ReferenceIndex index(project);
  const auto names = [&](const Span& place) {
    std::string all;
    for (const ComposeReference* one : index.inside(place)) all += one->name + " ";
    return all;
  };
  CHECK(names(project.find("a")->command->span) == "ONE TWO THREE ");
  CHECK(names(project.find("a")->entrypoint->span) == "FOUR ");
  CHECK(names(project.find("b")->image->span) == "FIVE ");
  CHECK(names(project.find("b")->command->span).empty());
  CHECK(names({}).empty());
  const auto other = std::make_shared<const Source>(Source{"other", "run ${ONE}"});
  CHECK(names({other, {1, 1}, {1, 11}}).empty());
}

}  // namespace exai::config::test

// The table of methods is true: of what is written, of what is accepted, of itself.
#include "core/control/methods.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "core/control/api_page.hpp"

using namespace exai;
using namespace exai::control;

namespace {

std::vector<std::string> members_of(std::string_view structure) {
  std::vector<std::string> names;
  for (const Field& field : fields())
    if (field.structure == structure) names.emplace_back(field.name);
  return names;
}

std::vector<std::string> members_of(const json::object& written) {
  std::vector<std::string> names;
  for (const auto& member : written) names.emplace_back(member.key());
  return names;
}

std::string complaint(std::string_view method, std::string_view parameters) {
  const auto checked = check_parameters(*find_method(method), *parse_json_object(parameters));
  return checked ? "" : checked.error().message();
}

}  // namespace

TEST_CASE("every member that is written is in the table, in its order, and no other") {
  StackStatus status;
  ServiceStatus service;
  service.ready = ProofStatus{};
  service.ports = {{"redis", 6379}};
  status.services = {service};
  EventPage page;
  page.events = {Event{}};
  CHECK(members_of(to_json(status)) == members_of("StackStatus"));
  CHECK(members_of(to_json(service)) == members_of("ServiceStatus"));
  CHECK(members_of(*find_object(to_json(service), "ready")) == members_of("ProofStatus"));
  CHECK(members_of(find_array(to_json(service), "ports")->at(0).get_object()) ==
        members_of("PortStatus"));
  CHECK(members_of(*find_object(to_json(status), "reload")) == members_of("ReloadStatus"));
  Reloaded reloaded;
  reloaded.changes = {ReloadChange{}};
  CHECK(members_of(to_json(reloaded)) == members_of("Reloaded"));
  CHECK(members_of(find_array(to_json(reloaded), "changes")->at(0).get_object()) ==
        members_of("ReloadChange"));
  CHECK(members_of(to_json(page)) == members_of("EventPage"));
  CHECK(members_of(to_json(Stopping{})) == members_of("Stopping"));
  CHECK(members_of(to_json(Stopping::Process{})) == members_of("Process"));
  CHECK(members_of(to_json(page.events[0])) == members_of("Event"));
}

TEST_CASE("the table of methods names only errors that are explained, and says what it means") {
  std::set<std::string_view> names;
  for (const Method& method : kMethods) {
    INFO(method.name);
    CHECK(names.insert(method.name).second);
    CHECK_FALSE(method.summary.empty());
    CHECK_FALSE(method.result.empty());
    CHECK(method.since <= kProtocolVersion);
    for (const int code : errors_of(method)) {
      const auto known = errors();
      const auto row = std::find_if(known.begin(), known.end(),
                                    [&](const ErrorRow& each) { return each.code == code; });
      REQUIRE(row != known.end());
      CHECK_FALSE(row->anywhere);
    }
  }
  CHECK(find_method("explode") == nullptr);
}

TEST_CASE("parameters are held against the table") {
  CHECK(complaint("up", "{}").empty());
  CHECK(complaint("up", R"({"services":["a"],"of a newer client":1})").empty());
  CHECK(complaint("up", R"({"services":null})").empty());
  CHECK(complaint("up", R"({"services":"all"})") == "\"services\" of up must be a list of texts");
  CHECK(complaint("up", R"({"services":[1]})") == "\"services\" of up must be a list of texts");
  CHECK(complaint("events", R"({"since":-1})") ==
        "\"since\" of events must be a number that is not negative");
  CHECK(complaint("events", R"({"since":18446744073709551615})").empty());
  CHECK(complaint("hello", "{}") == "hello needs \"protocol\": the version you speak");
}

TEST_CASE("the page has every method, parameter, error and member") {
  const std::string page = api_page();
  for (const Method& method : kMethods) {
    CHECK_THAT(page, Catch::Contains(fmt::format("### {}\n\n{}\n", method.name, method.summary)));
    for (const Parameter& parameter : parameters_of(method))
      CHECK_THAT(page, Catch::Contains(std::string(parameter.summary)));
  }
  for (const ErrorRow& row : errors())
    CHECK_THAT(page, Catch::Contains(fmt::format("| {} | {}", row.code, row.name)));
  for (const Field& field : fields())
    CHECK_THAT(page, Catch::Contains(fmt::format("| `{}` | {} |", field.name, field.type)));
  CHECK_THAT(page, Catch::Contains("`backoff`"));
}

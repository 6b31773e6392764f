// Thesis: the lint finds each kind of fault it promises to find, finds nothing in text that is
// right, and this tree is free of errors.

#include "tests/lint/lint.hpp"

#include <catch2/catch.hpp>

#include "tests/lint/tree.hpp"

namespace exai::lint {
namespace {

// What the rules say about a text under that path: "L2:3" for an error of L2 in line 3.
std::vector<std::string> faults(const std::string& path, const std::string& text) {
  std::vector<std::string> found;
  for (const Finding& finding : check(make_file(path, text)))
    if (finding.level == Level::error)
      found.push_back(finding.rule + ":" + std::to_string(finding.line));
  return found;
}

using Found = std::vector<std::string>;

}  // namespace

TEST_CASE("the tree obeys its own rules") {
  std::string errors;
  for (const File& file : read_tree(EXAI_SOURCE_DIR))
    for (const Finding& finding : check(file))
      if (finding.level == Level::error) errors += render(finding) + "\n";
  CHECK(errors == "");
}

TEST_CASE("an include against the layers is found") {
  using Row = std::tuple<std::string, std::string, Found>;
  const auto [path, line, found] = GENERATE(table<std::string, std::string, Found>({
      Row{"cli/up.cpp", "#include \"core/control/client.hpp\"\n", {}},
      Row{"cli/up.cpp", "#include \"supervisor/service/state.hpp\"\n", {"L1:1"}},
      Row{"cli/up.cpp", "#include \"daemon/net/transport.hpp\"\n", {"L1:1"}},
      Row{"daemon/tools/x.cpp", "#include \"supervisor/service/state.hpp\"\n", {"L1:1"}},
      Row{"daemon/mcp/session.cpp", "#include \"daemon/net/transport.hpp\"\n", {"L1:1"}},
      Row{"daemon/mcp/session.cpp", "#include \"core/base/json.hpp\"\n", {}},
      Row{"core/config/toml.cpp", "#include \"core/base/text.hpp\"\n", {}},
      Row{"core/config/toml.cpp", "#include \"core/base/loop.hpp\"\n", {"L1:1"}},
      Row{"core/config/options.cpp", "#include \"embedded/options.hpp\"\n", {}},
      Row{"core/base/os.cpp", "#include \"core/config/tree.hpp\"\n", {"L1:1"}},
      Row{"supervisor/process/child.cpp", "#include \"supervisor/engine/docker.hpp\"\n", {"L1:1"}},
      Row{"supervisor/service/x.cpp", "#include \"supervisor/process/process.hpp\"\n", {}},
      Row{"supervisor/main.cpp", "#include \"supervisor/service/supervisor.hpp\"\n", {}},
      Row{"daemon/new_folder/x.cpp", "#include \"core/base/os.hpp\"\n", {}},
      Row{"core/new_folder/x.cpp", "#include \"core/base/os.hpp\"\n", {"L1:1"}},
      Row{"tests/unit/x.cpp", "#include \"supervisor/service/state.hpp\"\n", {}},
  }));
  CAPTURE(path, line);
  CHECK(faults(path, line) == found);
}

TEST_CASE("a third-party header outside its owner is found") {
  using Row = std::tuple<std::string, std::string, Found>;
  const auto [path, line, found] = GENERATE(table<std::string, std::string, Found>({
      Row{"cli/args.cpp", "#include <CLI/CLI.hpp>\n", {}},
      Row{"cli/up.cpp", "#include <CLI/CLI.hpp>\n", {"L1:1"}},
      Row{"core/base/http_curl.hpp",
          "#pragma once\n// Hides how libcurl is opened.\n#include <curl/curl.h>\n",
          {}},
      Row{"core/base/http.cpp", "#include <curl/curl.h>\n", {"L1:1"}},
      Row{"daemon/net/websocket.cpp", "#include <boost/beast/http.hpp>\n", {}},
      Row{"daemon/daemon.cpp", "#include <boost/beast/http.hpp>\n", {"L1:1"}},
      Row{"core/base/loop.cpp", "#include <boost/asio.hpp>\n", {"L1:1"}},
      Row{"core/base/loop.cpp", "#include <boost/asio/post.hpp>\n", {}},
      Row{"core/config/yaml.cpp", "#include <regex>\n", {"L1:1"}},
      Row{"cli/output.cpp", "#include <iostream>\n", {"L1:1"}},
  }));
  CAPTURE(path, line);
  CHECK(faults(path, line) == found);
}

TEST_CASE("a header says what it hides right after pragma once") {
  CHECK(faults("cli/a.hpp", "#pragma once\n// Hides the terminal.\n").empty());
  CHECK(faults("cli/a.hpp", "#pragma once\n#include <string>\n") == Found{"L1:1"});
  CHECK(faults("cli/a.hpp", "// Hides the terminal.\n") == Found{"L1:1"});
}

TEST_CASE("what gcc 12 destroys twice in a co_await statement is found") {
  using Row = std::tuple<std::string, bool>;
  const auto [statement, bad] = GENERATE(table<std::string, bool>({
      Row{"co_await send(std::move(request));", false},
      Row{"const auto reply = co_await send(request, 5s);", false},
      Row{"if (co_await ready(name)) { use(x ? 1 : 2); }", false},
      Row{"while (auto next = co_await stream.next()) { values[i] = {1, 2}; }", false},
      Row{"for (;;) { co_await tick(); }", false},
      Row{"if (x) { a(); } else { co_await b(values[index]); }", false},
      Row{"co_return co_await run([] { return 1; });", false},
      Row{"// co_await send(Request{1});\n", false},
      Row{"log(\"co_await f{}\");", false},
      Row{"co_await send(Request{.url = u});", true},
      Row{"co_await send({1, 2});", true},
      Row{"co_await run([x] { return x; });", true},
      Row{"co_await run([&] { return 1; });", true},
      Row{"co_await send(fast ? a : b);", true},
      Row{"auto v = Pair{co_await a(), 1};", true},
      Row{"const auto r = co_await send(\n    Request{1});", true},
      Row{"auto [a, b] = co_await both();", true},
      Row{"co_spawn(e, f(), asio::detached);", true},
  }));
  CAPTURE(statement);
  const std::string text = "Task<> f() {\n" + statement + "\n}\n";
  CHECK(!faults("daemon/x.cpp", text).empty() == bad);
}

TEST_CASE("a coroutine whose parameters or captures dangle is found") {
  using Row = std::tuple<std::string, bool>;
  const auto [line, bad] = GENERATE(table<std::string, bool>({
      Row{"Task<> f(std::string name);", false},
      Row{"Task<Result<int>> f(Clock& clock, std::string name);", false},
      Row{"Task<> f(const Settings& settings);", false},
      Row{"void f(std::string_view name);", false},
      Row{"Task<> f(std::string_view name);", true},
      Row{"Task<Result<int>> Pool::f(std::span<const char> bytes);", true},
      Row{"asio::awaitable<void> f(const std::string& name);", true},
      Row{"Task<> f(Request&& request);", true},
      Row{"auto f = []() -> Task<> { co_return; };", false},
      Row{"auto f = [](int x) -> Task<> { co_return; };", false},
      Row{"auto f = [this]() -> Task<> { co_return; };", true},
      Row{"auto f = [&](int x) mutable -> Task<> { co_return; };", true},
  }));
  CAPTURE(line);
  CHECK(!faults("daemon/x.cpp", line + "\n").empty() == bad);
}

TEST_CASE("text hygiene is checked") {
  using Row = std::tuple<std::string, Found>;
  const auto [text, found] = GENERATE(table<std::string, Found>({
      Row{"a\nb\n", {}},
      Row{"a\nb", {"L4:2"}},
      Row{"a\n\n", {"L4:2"}},
      Row{"a \nb\n", {"L4:1"}},
      Row{"a\r\nb\n", {"L4:1"}},
      Row{"\ta\n", {"L4:1"}},
  }));
  CAPTURE(text);
  CHECK(faults("docs/a.md", text) == found);
}

TEST_CASE("tabs are the Makefile's right") {
  CHECK(faults("Makefile", "up:\n\techo\n").empty());
}

TEST_CASE("a note has a topic") {
  const std::string note = std::string("TO") + "DO";
  CHECK(faults("cli/a.cpp", "// " + note + "(windows): no pidfd there\n").empty());
  CHECK(faults("cli/a.cpp", "// " + note + ": later\n") == Found{"L5:1"});
  CHECK(faults("cli/a.cpp",
               "// FIX"
               "ME\n") == Found{"L5:1"});
}

TEST_CASE("Asio's types that do not know the loop are found, in the product alone") {
  using Row = std::tuple<std::string, std::string, Found>;
  const auto [path, line, found] = GENERATE(table<std::string, std::string, Found>({
      Row{"daemon/a.cpp", "asio::steady_timer timer(executor);\n", {"L2:1"}},
      Row{"daemon/a.cpp", "co_await timer.async_wait(asio::use_awaitable);\n", {"L2:1"}},
      Row{"core/a.cpp", "asio::any_io_executor executor_;\n", {"L2:1"}},
      Row{"cli/a.cpp", "asio::posix::stream_descriptor in_;\n", {"L2:1"}},
      Row{"core/base/loop.hpp", "#pragma once\n// The loop.\nusing T = asio::use_awaitable;\n", {}},
      Row{"daemon/a.cpp", "Timer timer(executor);\n", {}},
      Row{"tests/a.cpp", "asio::steady_timer timer(executor);\n", {}},
  }));
  CAPTURE(path, line);
  CHECK(faults(path, line) == found);
}

TEST_CASE("a forbidden call is found, a member or a declaration of that name is not") {
  using Row = std::tuple<std::string, std::string, Found>;
  const auto [path, line, found] = GENERATE(table<std::string, std::string, Found>({
      Row{"cli/a.cpp", "int r = system(\"ls\");\n", {"L6:1"}},
      Row{"cli/a.cpp", "auto v = std::getenv(\"HOME\");\n", {"L6:1"}},
      Row{"core/base/os.cpp", "auto v = ::getenv(\"HOME\");\n", {}},
      Row{"supervisor/a.cpp", "if (::fork() == 0) go();\n", {"L6:1"}},
      Row{"supervisor/a.cpp", "return wait(nullptr);\n", {"L6:1"}},
      Row{"supervisor/a.cpp", "group.wait();\n", {}},
      Row{"supervisor/a.cpp", "Task<> wait(Duration limit);\n", {}},
      Row{"supervisor/a.cpp", "exit(1);\n", {"L6:1"}},
      Row{"supervisor/a.cpp", "// then fork() and wait()\n", {}},
      Row{"tests/a.cpp", "system(\"ls\");\n", {}},
  }));
  CAPTURE(path, line);
  CHECK(faults(path, line) == found);
}

TEST_CASE("places of one machine and secrets are found") {
  CHECK(faults("README.md",
               "cd /wo"
               "rk/main\n") == Found{"L7:1"});
  CHECK(faults("package.json",
               "https://registry.np"
               "mjs.org/ws\n") == Found{"L7:1"});
  CHECK(faults("a.txt",
               "-----BEGIN RSA PRIVATE K"
               "EY-----\n") == Found{"L8:1"});
  CHECK(faults("a.txt",
               "sk"
               "-" +
                   std::string(40, 'x') + "\n") == Found{"L8:1"});
  CHECK(faults("a.txt",
               "sk"
               "-short\n")
            .empty());
  CHECK(faults("configs/env/dev.env", "KIMI_API_KEY=abc\n") == Found{"L8:1"});
  CHECK(faults("configs/env/dev.env", "KIMI_API_KEY=\n# X_KEY=abc\nLOG_LEVEL=info\n").empty());
}

TEST_CASE("a finding is printed as compilers print theirs") {
  const Finding finding{"cli/a.cpp", 3, "L6", Level::error, "fork(): use base/spawn"};
  CHECK(render(finding) == "cli/a.cpp:3: error[L6]: fork(): use base/spawn");
}

TEST_CASE("long files and functions are warnings") {
  std::string body;
  for (int i = 0; i < 90; ++i) body += "  a();\n";
  const auto findings = check(make_file("cli/a.cpp", "void f() {\n" + body + "}\n"));
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].message == "a function of 92 lines");
  CHECK(findings[0].level == Level::warning);
}

}  // namespace exai::lint

// Kept files in the real exaid: a folder on a real disk, hostile paths, kill -9, and providers that
// take files and search the web as the test wants them to.
#include <sys/socket.h>
#include <sys/un.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <mutex>

#include "core/base/text.hpp"
#include "tests/integration/daemon_bench.hpp"
#include "tests/integration/fake_server.hpp"

using namespace exai;
using namespace exai::test;
using Catch::Contains;

namespace {

std::string text(const json::object& object, std::string_view key) {
  return find_string(object, key).value_or("");
}

std::size_t files_in(const Path& folder, std::string_view extension) {
  std::size_t count = 0;
  std::error_code gone;  // by the time one looks
  for (const auto& entry : std::filesystem::directory_iterator(folder, gone))
    if (entry.path().extension() == extension) ++count;
  return count;
}

// What exaid needs to keep files, and to read those of `open`.
struct Place {
  TempDir folder;
  Environment options() const {
    return {{"EXAI_FILES_DIR", (folder / "kept").string()},
            {"EXAI_FILE_ROOTS", (folder / "open").string()}};
  }
  Path kept() const { return folder / "kept"; }
};

// Kimi and GLM as far as these tests go: files, searches, and a chat that says what it was shown.
class Provider {
 public:
  Provider() : server_([this](FakeConnection& peer) { serve(peer); }) {}

  void add_to(Environment& options) const {
    options["KIMI_API_URL"] = server_.url("/v1");
    options["KIMI_API_KEY"] = "kimi-key-0123456789";
    options["GLM_API_URL"] = server_.url("/v4");
    options["GLM_API_KEY"] = "glm-key-0123456789";
  }
  std::vector<std::string> requests(std::string_view begin) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> matching;
    for (const std::string& one : requests_)
      if (one.starts_with(begin)) matching.push_back(one);
    return matching;
  }
  void forget_files() {
    const std::lock_guard lock(mutex_);
    forgotten_ = sent_;
  }

 private:
  void serve(FakeConnection& peer) {
    while (const auto request = peer.read_request())
      if (!answer(peer, *request)) return;
  }

  bool answer(FakeConnection& peer, const std::string& request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    if (request.starts_with("POST /v1/files ") || request.starts_with("POST /v4/files "))
      return peer.answer(200, fmt::format(R"({{"id":"f-{}"}})", ++sent_));
    if (request.starts_with("GET /v1/files/")) {
      const int id = static_cast<int>(parse_integer(request.substr(16, 1)).value_or(0));
      if (id <= forgotten_) return peer.answer(404, R"({"error":{"message":"no such file"}})");
      return peer.answer(200, R"({"content":"the moon is made of stone"})");
    }
    if (request.starts_with("DELETE /v1/files/")) return peer.answer(200, R"({"deleted":true})");
    if (request.starts_with("POST /v4/web_search "))
      return peer.answer(
          200, R"({"search_result":[{"title":"T","link":"https://a.example","content":"C"}]})");
    return peer.answer(200, chat(request), "Content-Type: application/json\r\n");
  }

  static std::string chat(const std::string& request) {
    const bool can_search = request.find(R"("name":"$web_search"}}])") != std::string::npos;
    const bool searched =
        request.find(R"("role":"tool","content":"{\"q\":1}")") != std::string::npos;
    if (can_search && !searched)
      return R"({"choices":[{"finish_reason":"tool_calls","message":{"content":"","tool_calls":)"
             R"([{"index":0,"id":"c1","type":"builtin_function","function":)"
             R"({"name":"$web_search","arguments":"{\"q\":1}"}}]}}]})";
    std::string said = searched ? "it rains" : "nothing to see";
    if (request.find("the moon is made of stone") != std::string::npos) said = "stone";
    if (request.find("what we know") != std::string::npos) said = "known";
    return fmt::format(R"({{"choices":[{{"finish_reason":"stop","message":{{"content":"{}"}}}}]}})",
                       said);
  }

  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  int sent_ = 0;
  int forgotten_ = 0;
  FakeServer server_;
};

const std::string kPdf = std::string("%PDF-1.7\n") + std::string(100'000, '\xfe');

}  // namespace

TEST_CASE("a file is kept over a restart, listed, fetched, copied and deleted") {
  const Place place;
  const Path notes = place.folder.write("open/notes.txt", "what we know\n");
  std::filesystem::create_directory(place.folder / "copies");
  Environment options = place.options();
  options["EXAI_DOWNLOAD_DIR"] = (place.folder / "copies").string();
  std::string id;
  {
    Exaid exaid(options);
    McpClient client = exaid.client();
    const Answer kept = client.call("file_upload", {{"path", notes.string()}});
    INFO(kept.text);
    REQUIRE_FALSE(kept.is_error);
    id = text(kept.structured, "file_id");
    CHECK(text(kept.structured, "name") == "notes.txt");
    CHECK(text(kept.structured, "type") == "text/plain");
    CHECK(text(kept.structured, "sha256").starts_with(id));
    const Answer again =
        client.call("file_upload", {{"name", "same.txt"}, {"content", "what we know\n"}});
    CHECK(text(again.structured, "file_id") == id);
    CHECK(find_bool(again.structured, "known") == true);
    CHECK(files_in(place.kept(), ".data") == 1);
  }
  std::filesystem::remove(notes);
  Exaid exaid(options);
  McpClient client = exaid.client();
  const Answer list = client.call("file_list");
  CHECK_THAT(list.text, Contains(id + "  same.txt  text/plain, 13 B"));
  CHECK(client.call("file_download", {{"file_id", id}}).text == "what we know\n");
  CHECK_THAT(client.ask("resources/read", {{"uri", "exai://files/" + id}}),
             Contains("what we know"));

  const auto copy = [&](const char* name) {
    return client.call("file_download", {{"file_id", id}, {"destination", name}});
  };
  CHECK_FALSE(copy("copy.txt").is_error);
  CHECK(read_file(place.folder / "copies/copy.txt").value() == "what we know\n");
  CHECK_THAT(copy("copy.txt").text, Contains("choose another destination"));
  CHECK_THAT(copy("../copy.txt").text, Contains("it has a slash"));
  CHECK_THAT(copy("..").text, Contains("it names a folder"));
  std::filesystem::create_symlink(place.folder / "elsewhere", place.folder / "copies/link");
  CHECK(copy("link").is_error);
  CHECK_FALSE(std::filesystem::exists(place.folder / "elsewhere"));
  CHECK(files_in(place.folder / "copies", ".tmp") == 0);

  CHECK_FALSE(client.call("file_delete", {{"file_id", id}}).is_error);
  CHECK(client.call("file_download", {{"file_id", id}}).is_error);
  CHECK(std::filesystem::is_empty(place.kept()));
}

TEST_CASE("no path leads out of the roots, and nothing is waited for or touched on the way") {
  Place place;
  const TempDir& folder = place.folder;
  folder.write("open/notes.txt", "what we know");
  const Path outside = folder.write("closed/secret.txt", "nobody's business");
  folder.write("open/a\nb.txt", "odd");
  std::filesystem::create_symlink(outside, folder / "open/link");
  std::filesystem::create_directory_symlink(folder / "closed", folder / "open/folder");
  std::filesystem::create_symlink("/dev/zero", folder / "open/zero");
  std::filesystem::create_symlink("/proc/self/environ", folder / "open/environ");
  std::filesystem::create_symlink("loop", folder / "open/loop");
  REQUIRE(make_fifo(folder / "open/fifo"));
  const Path huge = folder.write("open/huge", "");
  std::filesystem::resize_file(huge, 1U << 30U);
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (folder / "open/sock").string().copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);

  Environment options = place.options();
  options["EXAI_FILE_ROOTS"] += ",/proc,/dev";
  options["MAX_FILE_SIZE"] = "1048576";
  Exaid exaid(options);
  McpClient client = exaid.client();
  const std::string open = (folder / "open").string();
  struct Row {
    std::string path;
    const char* refusal;
  };
  const Row rows[] = {
      {outside.string(), "is not below EXAI_FILE_ROOTS"},
      {"notes.txt", "is not below EXAI_FILE_ROOTS"},
      {"", "must not be empty"},
      {"/etc/passwd", "is not below EXAI_FILE_ROOTS"},
      {"/no/such/file", "is not below EXAI_FILE_ROOTS"},
      {open + "/../closed/secret.txt", "is not below EXAI_FILE_ROOTS"},
      {open + "/./../closed/./secret.txt", "is not below EXAI_FILE_ROOTS"},
      {open + "/link", "is not below EXAI_FILE_ROOTS"},
      {open + "/folder/secret.txt", "is not below EXAI_FILE_ROOTS"},
      {open + "er/x", "is not below EXAI_FILE_ROOTS"},
      {open, "is not below EXAI_FILE_ROOTS"},
      {open + std::string("/notes.txt\0.png", 15), "is not below EXAI_FILE_ROOTS"},
      {open + "/missing", "No such file"},
      {open + "/loop", "Too many levels"},
      {open + "/" + std::string(300, 'x'), "File name too long"},
      {open + "/fifo", "is no regular file"},
      {open + "/sock", "is no regular file"},
      {open + "/zero", "is no regular file"},
      {"/dev/zero", "is no regular file"},
      {open + "/environ", "is no regular file"},
      {"/proc/self/environ", "is no regular file"},
      {"/proc/self/mem", "is no regular file"},
      {open + "/a\nb.txt", "it has characters that cannot be shown"},
      {huge.string(), "huge has more than 1.0 MiB (MAX_FILE_SIZE)"},
  };
  for (const Row& row : rows) {
    CAPTURE(printable(row.path));
    for (const Answer& answer :
         {client.call("file_upload", {{"path", row.path}}),
          client.call("file_query", {{"file_path", row.path}, {"question", "?"}})}) {
      CHECK(answer.is_error);
      CHECK_THAT(answer.text, Contains(row.refusal));
      CHECK_THAT(answer.text, !Contains("nobody's business"));
    }
  }
  for (const char* id : {"../../etc/passwd", "..", "5891b5b522d5df086d0ff0b110fbd9d2", "x.json"})
    CHECK(client.call("file_download", {{"file_id", id}}).is_error);
  CHECK(files_in(place.kept(), ".data") == 0);
  CHECK(files_in(place.kept(), ".tmp") == 0);
}

TEST_CASE("a full store refuses, keeps what it has, and takes more once there is room") {
  const Place place;
  Environment options = place.options();
  options["MAX_FILE_SIZE"] = "1000";
  options["EXAI_FILES_MAX_BYTES"] = "2500";
  Exaid exaid(options);
  McpClient client = exaid.client();
  const auto keep = [&](char letter, std::size_t size) {
    return client.call("file_upload",
                       {{"name", std::string(1, letter)}, {"content", std::string(size, letter)}});
  };
  CHECK_THAT(keep('x', 1001).text, Contains("x has more than 1000 B (MAX_FILE_SIZE)"));
  const std::string first = text(keep('a', 1000).structured, "file_id");
  CHECK_FALSE(keep('b', 1000).is_error);
  CHECK_THAT(keep('c', 1000).text,
             Contains("no room for 1000 B: 2.0 KiB of 2.4 KiB are taken (EXAI_FILES_MAX_BYTES)"));
  CHECK_FALSE(keep('a', 1000).is_error);  // known: takes no room
  CHECK(find_integer(client.call("file_list").structured, "kept_bytes") == 2000);
  client.call("file_delete", {{"file_id", first}});
  CHECK_FALSE(keep('c', 1000).is_error);
}

TEST_CASE("kill -9 while a file is written leaves no half file, and its rest is swept away") {
  const Place place;
  std::string bytes(60U << 20U, 'x');
  const Path big = place.folder.write("open/big", bytes);
  for (int round = 0; round < 3; ++round) {
    Exaid exaid(place.options());
    const std::size_t left = files_in(place.kept(), ".tmp");  // by the rounds before
    Background upload(exaid.client(), "file_upload", {{"path", big.string()}});
    CHECK(wait_until([&] { return files_in(place.kept(), ".tmp") > left; }));
    exaid.process().signal(SIGKILL);
    REQUIRE(exaid.process().wait());
  }
  Exaid exaid(place.options());
  McpClient client = exaid.client();
  const Answer list = client.call("file_list");
  for (const json::value& file : *find_array(list.structured, "files"))
    CHECK(find_integer(file.as_object(), "size") == static_cast<std::int64_t>(bytes.size()));
  const auto old = std::filesystem::file_time_type::clock::now() - 2h;
  for (const auto& entry : std::filesystem::directory_iterator(place.kept()))
    if (entry.path().extension() != ".json") std::filesystem::last_write_time(entry.path(), old);
  client.call("file_list");
  CHECK(files_in(place.kept(), ".tmp") == 0);
  CHECK(files_in(place.kept(), ".data") == files_in(place.kept(), ".json"));
  CHECK_FALSE(client.call("file_upload", {{"path", big.string()}}).is_error);
}

TEST_CASE("a folder that others may look into is no place for files, and exaid says so") {
  const Place place;
  std::filesystem::create_directory(place.kept());
  std::filesystem::permissions(place.kept(), std::filesystem::perms(0755));
  Exaid exaid(place.options());
  CHECK_THAT(exaid.client().call("file_upload", {{"name", "a"}, {"content", "b"}}).text,
             Contains("is open to others; make it private: chmod 700"));
}

TEST_CASE("a document goes to Kimi once, though many ask at once; and again when Kimi lost it") {
  const Place place;
  const Path pdf = place.folder.write("open/moon.pdf", kPdf);
  Provider provider;
  Environment options = place.options();
  provider.add_to(options);
  Exaid exaid(options);
  const auto question = [&] {
    return json::object{{"file_path", pdf.string()}, {"question", "Of what?"}};
  };
  {
    std::vector<std::unique_ptr<Background>> asking;
    for (int i = 0; i < 5; ++i)
      asking.push_back(std::make_unique<Background>(exaid.client(), "file_query", question()));
    for (const auto& one : asking) CHECK(one->wait().text == "stone");
  }
  const auto sent = provider.requests("POST /v1/files ");
  REQUIRE(sent.size() == 1);
  CHECK_THAT(sent[0], Contains("authorization: Bearer kimi-key-0123456789") ||
                          Contains("Authorization: Bearer kimi-key-0123456789"));
  CHECK_THAT(sent[0], Contains("name=\"purpose\"\r\n\r\nfile-extract\r\n"));
  CHECK_THAT(sent[0], Contains("filename=\"moon.pdf\"\r\nContent-Type: application/pdf\r\n\r\n"));
  CHECK(sent[0].find(kPdf) != std::string::npos);

  provider.forget_files();
  McpClient client = exaid.client();
  const Answer again = client.call("file_query", question());
  CHECK(again.text == "stone");
  CHECK(provider.requests("POST /v1/files ").size() == 2);

  const std::string id = text(again.structured, "file_id");
  const Answer glm =
      client.call("chat", {{"prompt", "Of what?"}, {"file_ids", {id}}, {"model", "glm-4.7"}});
  CHECK_THAT(glm.text, Contains("GLM makes no text of files"));
  const Answer both = client.call("file_upload", {{"path", pdf.string()}, {"provider", "glm"}});
  CHECK(text(both.structured, "provider_file_id") == "f-3");
  CHECK_THAT(provider.requests("POST /v4/files ").at(0),
             Contains("name=\"purpose\"\r\n\r\nagent\r\n"));

  const Answer gone = client.call("file_delete", {{"file_id", id}});
  CHECK(provider.requests("DELETE /v1/files/f-2 ").size() == 1);
  CHECK(gone.is_error == false);
}

TEST_CASE("kept text and images reach any model without being sent ahead") {
  const Place place;
  Provider provider;
  Environment options = place.options();
  provider.add_to(options);
  Exaid exaid(options);
  McpClient client = exaid.client();
  const std::string id =
      text(client.call("file_upload", {{"name", "n.txt"}, {"content", "what we know"}}).structured,
           "file_id");
  for (const char* model : {"kimi-k2.6", "glm-4.7"})
    CHECK(client.call("chat", {{"prompt", "?"}, {"file_ids", {id}}, {"model", model}}).text ==
          "known");
  CHECK(provider.requests("POST /v1/files ").empty());
}

TEST_CASE("models search the web: Kimi's by its own function, GLM's by its own tool") {
  Provider provider;
  Environment options;
  provider.add_to(options);
  Exaid exaid(options);
  McpClient client = exaid.client();
  const auto chat = [&](const char* model) {
    return client.call("chat", {{"prompt", "rain?"}, {"model", model}, {"use_websearch", true}});
  };
  CHECK(chat("kimi-k2.6").text == "it rains");
  const auto rounds = provider.requests("POST /v1/chat/completions ");
  REQUIRE(rounds.size() == 2);
  CHECK_THAT(rounds[0], Contains(R"("thinking":{"type":"disabled"})"));
  CHECK_THAT(rounds[1], Contains(R"("tool_call_id":"c1","name":"$web_search")"));
  CHECK(chat("glm-4.7").text == "nothing to see");
  CHECK_THAT(provider.requests("POST /v4/chat/completions ").at(0),
             Contains(R"("tools":[{"type":"web_search","web_search":{"enable":true)"));
  const Answer listed = client.call("web_search", {{"search_query", "rain"}, {"count", 3}});
  CHECK(listed.text == "1. T\n   https://a.example\n   C\n");
  CHECK(client.call("web_search", {{"search_query", "rain"}, {"provider", "kimi"}}).text ==
        "it rains");
}

TEST_CASE("a panel takes the places of those that it asks") {
  Provider provider;
  Environment options;
  provider.add_to(options);
  Exaid exaid(options);
  McpClient client = exaid.client();
  const auto step = [&](int number, json::object others) {
    others["step"] = "Should we?";
    others["step_number"] = number;
    others["total_steps"] = 2;
    others["next_step_required"] = true;
    others["findings"] = "";
    return client.call("consensus", std::move(others));
  };
  const json::array models{{{"model", "glm-4.7"}}, {{"model", "glm-5"}}};
  const Answer first = step(1, {{"models", models}});
  step(2, {{"continuation_id", text(first.structured, "continuation_id")}});
  const std::string metrics = exaid.metrics().body;
  CHECK_THAT(metrics, Contains("mcp_semaphore_acquisitions_total{provider=\"glm\"} 2\n"));
  CHECK_THAT(metrics, !Contains("mcp_semaphore_acquisitions_total{provider=\"kimi\"}"));
}

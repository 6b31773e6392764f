// Kept files: what is told of them, how they are sent, and the tools over them.
#include <catch2/catch.hpp>

#include "daemon/providers/file_wire.hpp"
#include "tests/unit/daemon/tool_bench.hpp"

namespace exai::tools {
namespace {

using Catch::Contains;
using providers::Failure;

const std::string kPdf = "%PDF-1.7\n\xff\xfe\0 body";

TEST_CASE("a name is a plain one or is refused, with the reason") {
  struct Row {
    std::string name;
    const char* wrong;
  };
  const Row rows[] = {
      {"notes.txt", ""},
      {"Grüße 1.txt", ""},
      {"..hidden", ""},
      {"", "a file needs a name"},
      {".", "it names a folder"},
      {"..", "it names a folder"},
      {"../x", "it has a slash"},
      {"/etc/passwd", "it has a slash"},
      {"a\nb", "it has characters that cannot be shown"},
      {std::string("a\0b", 3), "it has characters that cannot be shown"},
      {"\xff", "it has characters that cannot be shown"},
      {"\x1b[31m", "it has characters that cannot be shown"},
      {std::string(201, 'x'), "it has more than 200 bytes"},
  };
  for (const Row& row : rows) {
    CAPTURE(printable(row.name));
    CHECK(store::wrong_with_name(row.name) == row.wrong);
  }
}

TEST_CASE("a type is told by the first bytes, not by the name") {
  struct Row {
    std::string head;
    const char* type;
  };
  const Row rows[] = {
      {"", "text/plain"},
      {"hello", "text/plain"},
      {"Gr\xc3", "text/plain"},  // cut within a letter
      {"\x89PNG\r\n\x1a\nrest", "image/png"},
      {"\xff\xd8\xff\xe0", "image/jpeg"},
      {"GIF89a", "image/gif"},
      {"RIFF1234WEBP", "image/webp"},
      {kPdf, "application/pdf"},
      {"PK\x03\x04", "application/zip"},
      {std::string("a\0b", 3), "application/octet-stream"},
      {"\xff\xff\xff\xff\xff\xff", "application/octet-stream"},
  };
  for (const Row& row : rows) CHECK(store::type_of(row.head) == row.type);
}

TEST_CASE("an id is 32 hex digits and nothing else") {
  CHECK(store::is_file_id("5891b5b522d5df086d0ff0b110fbd9d2"));
  for (const char* id : {"", "5891b5b522d5df086d0ff0b110fbd9d", "5891b5b522d5df086d0ff0b110fbd9d22",
                         "5891B5B522D5DF086D0FF0B110FBD9D2", "../../../../../../../../etc/pass",
                         "5891b5b522d5df086d0ff0b110fbd9d/"})
    CHECK_FALSE(store::is_file_id(id));
}

TEST_CASE("what is known of a file survives being written down; nonsense is refused") {
  FakeFiles files;
  store::FileInfo info = files.put("notes.txt", "hello");
  info.created = WallTime{} + 1s;
  info.expires = WallTime{} + 24h;
  info.uploads = {{"kimi https://kimi.example/v1", "f-1"}};
  CHECK(store::parse_file_info(store::text_of(info)).value() == info);
  for (const char* text : {"", "{}", "[]",
                           R"({"id":"../x","created":"2026-11-21T00:00:00Z",)"
                           R"("expires":"2026-11-21T00:00:00Z"})"})
    CHECK(store::parse_file_info(text).error().code() == Errc::invalid);
}

TEST_CASE("the content decides the id, and the owner, if there is one") {
  const std::string sha256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
  CHECK(store::file_id("", sha256) == "5891b5b522d5df086d0ff0b110fbd9d2");
  const std::string anns = store::file_id("https://login.example ann", sha256);
  CHECK(store::is_file_id(anns));
  CHECK(anns != store::file_id("https://login.example bob", sha256));
  CHECK(anns != store::file_id("", sha256));

  FakeFiles files;
  store::FileInfo info = files.put("notes.txt", "hello", "ann");
  info.created = info.expires = WallTime{} + 24h;
  CHECK(store::parse_file_info(store::text_of(info)).value() == info);
  info.owner = "bob";  // nobody comes into a file by writing himself into it
  CHECK(store::parse_file_info(store::text_of(info)).error().code() == Errc::invalid);
}

TEST_CASE("a kept file is its owner's; one without an owner is everybody's") {
  Bench bench;
  const std::string anns = bench.files.put("ann.txt", "of ann", "ann").id;
  const std::string shared = bench.files.put("shared.txt", "of all").id;
  const auto sees = [&](const std::string& caller, const std::string& id) {
    bench.caller = caller;
    const auto listed = bench.call("file_list", {});
    const bool is_listed = listed->text.find(id) != std::string::npos;
    for (const char* tool : {"file_download", "file_delete"}) {
      const auto result = bench.call(tool, tool == std::string_view("file_delete")
                                               ? json::object{{"file_id", id}, {"dry_run", true}}
                                               : json::object{{"file_id", id}});
      CHECK(result->is_error != is_listed);
    }
    CHECK(bench.call("chat", {{"prompt", "hi"}, {"file_ids", {id}}})->is_error != is_listed);
    CHECK(bench.call("file_query", {{"question", "what?"}, {"file_id", id}})->is_error !=
          is_listed);
    CHECK(bench.read("exai://files/" + id).has_value() == is_listed);
    return is_listed;
  };
  CHECK(sees("ann", anns));
  CHECK_FALSE(sees("bob", anns));
  CHECK_FALSE(sees("", anns));
  for (const char* caller : {"ann", "bob", ""}) CHECK(sees(caller, shared));

  const auto uploaded = [&](const std::string& caller) {
    bench.caller = caller;
    return bench.call("file_upload", {{"name", "same.txt"}, {"content", "of ann"}});
  };
  CHECK(find_string(uploaded("ann")->structured, "file_id") == anns);
  CHECK(find_string(uploaded("bob")->structured, "file_id") != anns);
  bench.caller = "bob";
  CHECK(bench.call("file_delete", {{"file_id", anns}})->is_error);
  CHECK(bench.files.infos.contains(anns));
}

TEST_CASE("a file is sent as a form, whose name cannot break out of its quotes") {
  const providers::WireRequest wire = providers::file_upload(
      "file-extract", {"a\"b\r\nc.pdf", "application/pdf", "bytes\r\n--"}, "B");
  CHECK(wire.method == "POST");
  CHECK(wire.path == "/files");
  CHECK(wire.content_type == "multipart/form-data; boundary=B");
  CHECK(wire.body ==
        "--B\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nfile-extract\r\n"
        "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a%22b%0D%0Ac.pdf\"\r\n"
        "Content-Type: application/pdf\r\n\r\nbytes\r\n--\r\n--B--\r\n");
}

TEST_CASE("an id from a provider stays one part of a path") {
  CHECK(providers::file_content("f-1").path == "/files/f-1/content");
  CHECK(providers::file_removal("../x?y").path == "/files/..%2Fx%3Fy");
}

TEST_CASE("what a provider says of a file is read as it comes") {
  CHECK(providers::uploaded_id(R"({"id":"f-9","object":"file"})").value() == "f-9");
  CHECK(providers::uploaded_id("ok").error().failure == Failure::server);
  CHECK(providers::text_in_content(R"({"content":"hello","file_type":"application/pdf"})") ==
        "hello");
  CHECK(providers::text_in_content("plain") == "plain");
}

TEST_CASE("a document goes to Kimi once, and its text to every question about it") {
  Bench bench;
  const store::FileInfo pdf = bench.files.put("paper.pdf", kPdf);
  const auto ask = [&](const char* question) {
    return bench.call("file_query", {{"file_id", pdf.id}, {"question", question}});
  };
  CHECK_FALSE(ask("What is it?")->is_error);
  CHECK_FALSE(ask("And why?")->is_error);
  REQUIRE(bench.kimi.sent.size() == 1);
  CHECK(bench.kimi.sent[0].name == "paper.pdf");
  CHECK(bench.kimi.sent[0].bytes == kPdf);
  for (const providers::ChatRequest& asked : bench.kimi.asked) {
    REQUIRE(asked.messages.size() == 2);
    CHECK(asked.messages[0].role == "system");
    CHECK(asked.messages[0].content == "--- paper.pdf ---\ntext of f-1\n--- end of paper.pdf ---");
  }
  CHECK(bench.files.infos.at(pdf.id).uploads.at("kimi https://kimi.example/v1") == "f-1");

  bench.kimi.gone.insert("f-1");  // somebody deleted it there
  CHECK_FALSE(ask("Once more?")->is_error);
  CHECK(bench.kimi.sent.size() == 2);
  CHECK_THAT(bench.kimi.asked.back().messages[0].content, Contains("text of f-2"));
}

TEST_CASE("a file that no provider can read is refused with what to do") {
  Bench bench;
  providers::FakeProvider glm{"glm", "glm-5"};
  const providers::Router only_glm({&glm}, "");
  bench.files.put("paper.pdf", kPdf);
  Context context = bench.context(Supervised::no);
  Registry registry({bench.clock,
                     bench.store,
                     only_glm,
                     bench.host,
                     {},
                     false,
                     context.glm,
                     &bench.allowed_files,
                     &bench.files,
                     {}});
  mcp::Call call;
  call.name = "chat";
  call.arguments = {{"prompt", "hi"}, {"file_ids", {bench.files.put("p.pdf", kPdf).id}}};
  call.progress = [](const mcp::Progress&) {};
  bench.loop.context().restart();
  const auto result = bench.loop.run_until_done(registry.call(std::move(call)));
  CHECK(result->is_error);
  CHECK(result->text ==
        "chat: p.pdf is no text of at most 256 KiB and no image, and GLM makes no text of files. "
        "What to do: name a model of Kimi, or send its text");
}

TEST_CASE("kept text stands in the prompt, a kept image goes along, and neither is sent ahead") {
  Bench bench;
  const std::string text = bench.files.put("notes.txt", "what we know").id;
  const std::string image = bench.files.put("dot.png", "\x89PNG\r\n\x1a\nrest!").id;
  const auto result =
      bench.call("chat", {{"prompt", "hi"}, {"file_ids", {text, image}}, {"stream", false}});
  CHECK_FALSE(result->is_error);
  const providers::ChatMessage& asked = bench.kimi.asked.front().messages.back();
  CHECK(asked.content == "hi\n--- notes.txt ---\nwhat we know\n--- end of notes.txt ---\n");
  CHECK(asked.images == std::vector<std::string>{"data:image/png;base64,iVBORw0KGgpyZXN0IQ=="});
  CHECK(bench.kimi.sent.empty());
  CHECK_THAT(bench.call("chat", {{"prompt", "hi"}, {"file_ids", {"no"}}})->text,
             Contains("there is no file no"));
}

TEST_CASE("a file is sent where the call says, and deleted there with it") {
  Bench bench;
  const auto kept = bench.call(
      "file_upload",
      {{"name", "a.bin"}, {"content", "AAEC"}, {"encoding", "base64"}, {"provider", "kimi"}});
  REQUIRE_FALSE(kept->is_error);
  CHECK(find_string(kept->structured, "provider_file_id") == "f-1");
  CHECK(bench.kimi.sent[0].bytes == std::string("\0\1\2", 3));
  const std::string id = find_string(kept->structured, "file_id").value();
  const auto gone = bench.call("file_delete", {{"file_id", id}});
  CHECK(to_text(*find(gone->structured, "deleted_at")) == R"(["kimi https://kimi.example/v1"])");
  CHECK(bench.kimi.gone.contains("f-1"));
  CHECK_FALSE(bench.files.infos.contains(id));
  CHECK(bench.call("file_upload", {{"name", "a"}, {"content", "b"}, {"provider", "glm"}})->text ==
        "file_upload: GLM is not configured: set GLM_API_KEY");
}

TEST_CASE("what is wrong with a file's arguments is said, and nothing is kept") {
  Bench bench;
  const auto files = bench.files.infos;
  const auto why = [&](json::object arguments) {
    const auto result = bench.call("file_upload", std::move(arguments));
    CHECK(result->is_error);
    return result->text;
  };
  CHECK(why({}) == "file_upload: give either path, or content with name");
  CHECK(why({{"path", "/x"}, {"content", "y"}}) ==
        "file_upload: give either path, or content with name");
  CHECK_THAT(why({{"path", "/etc/passwd"}}), Contains("no file of this machine may be sent"));
  CHECK_THAT(why({{"name", "a"}, {"content", "?"}, {"encoding", "base64"}}),
             Contains("file_upload: content: "));
  CHECK(bench.call("file_query", {{"question", "?"}})->text ==
        "file_query: give either file_path or file_id");
  CHECK_THAT(
      bench.call("file_download", {{"file_id", files.begin()->first}, {"destination", "x"}})->text,
      Contains("nothing may be written. What to do: leave destination out"));
  CHECK(bench.files.infos == files);
}

TEST_CASE("text comes whole letters at a time, anything else as base64") {
  Bench bench;
  const std::string text = bench.files.put("g.txt", "Grüße").id;
  const auto first = bench.call("file_download", {{"file_id", text}, {"max_bytes", 3}});
  CHECK(first->text == "Gr");
  CHECK(find_bool(first->structured, "more") == true);
  CHECK(find_integer(first->structured, "bytes") == 2);
  const auto rest = bench.call("file_download", {{"file_id", text}, {"offset", 2}});
  CHECK(rest->text == "üße");
  CHECK(find_bool(rest->structured, "more") == false);

  const std::string pdf = bench.files.put("p.pdf", kPdf).id;
  const auto binary = bench.call("file_download", {{"file_id", pdf}, {"max_bytes", 4}});
  REQUIRE(binary->content.size() == 1);
  CHECK(to_text(binary->content[0].at("resource").at("blob")) == R"("JVBERg==")");
  const std::string png = bench.files.put("d.png", "\x89PNG\r\n\x1a\nrest!").id;
  CHECK(to_text(bench.call("file_download", {{"file_id", png}})->content[0].at("type")) ==
        R"("image")");
}

TEST_CASE("a tool answers to the name that it had in the system before this one") {
  Bench bench;
  const auto result =
      bench.call("smart_file_download", {{"file_id", "5891b5b522d5df086d0ff0b110fbd9d2"}});
  CHECK(result->text == "hello\n");
  CHECK(bench.registry.needs("kimi_chat_with_tools", {}).provider == "kimi");
  for (const mcp::ToolInfo& tool : bench.registry.tools()) CHECK(tool.name != "smart_file_query");
  CHECK(bench.call("kimi_manage_files", {}).error().message() ==
        "the tool \"kimi_manage_files\" is gone: use file_list and file_delete; what has expired is "
        "deleted by itself");
}

TEST_CASE("without a folder, the tools of files say which option to set") {
  Bench bench;
  Registry registry({bench.clock, bench.store, bench.router, bench.host});
  for (const char* tool : {"file_upload", "file_list"}) {
    mcp::Call call;
    call.name = tool;
    bench.loop.context().restart();
    const auto result = bench.loop.run_until_done(registry.call(std::move(call)));
    CHECK(result->is_error);
    CHECK_THAT(result->text, Contains("set EXAI_FILES_DIR"));
  }
}

TEST_CASE("a kept file is a resource; what is no id is not found") {
  Bench bench;
  const auto read = bench.read("exai://files/5891b5b522d5df086d0ff0b110fbd9d2");
  CHECK(to_text(read->at("contents").as_array()[0].at("text")) == R"("hello\n")");
  for (const char* uri : {"exai://files/", "exai://files/..", "exai://files/../x.json"})
    CHECK(bench.read(uri).error().code() == Errc::not_found);
}

}  // namespace
}  // namespace exai::tools

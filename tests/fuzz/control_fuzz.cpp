// Any bytes at the control socket, from either side: as requests, cut into lines in two ways, and
// as the answer of a supervisor that a client shows on its screen. Nothing crashes, a frame always
// fits, and how the bytes came in pieces changes nothing.
#include <cstdint>
#include <cstdlib>

#include "cli/board.hpp"
#include "cli/graph_view.hpp"
#include "core/base/rpc.hpp"
#include "core/base/text.hpp"
#include "core/control/methods.hpp"

using namespace exai;

namespace {

// What a server would do with each line.
std::vector<std::string> judged(rpc::LineFramer& framer) {
  std::vector<std::string> verdicts;
  while (const auto line = framer.next()) {
    if (!*line) {
      verdicts.push_back(line->error().message());
      continue;
    }
    const auto message = rpc::parse(**line);
    const auto* request = message ? std::get_if<rpc::Request>(&*message) : nullptr;
    const auto* method = request ? control::find_method(request->method) : nullptr;
    const auto checked = method ? control::check_parameters(*method, request->params) : Result<>{};
    verdicts.push_back(!message   ? message.error().error.message
                       : !checked ? checked.error().message()
                                  : "taken");
  }
  return verdicts;
}

void show(const control::StackStatus& status, std::size_t size) {
  cli::Board board;
  board.status = status;
  board.tailing = size % 2 == 0;
  cli::settle(board);
  const cli::Size screen{static_cast<int>(size % 97) + 1, static_cast<int>(size % 31) + 1};
  const auto lines = split(cli::frame(board, screen, cli::Colours::off), '\n');
  if (lines.size() != static_cast<std::size_t>(screen.rows)) std::abort();
  for (const std::string& line : lines)
    if (code_points(line) > static_cast<std::size_t>(screen.columns)) std::abort();
  const cli::Graph graph = cli::graph_of(nullptr, &status);
  (void)cli::graph_text(graph, cli::Colours::on);
  (void)cli::graph_mermaid(graph);
  if (!parse_json(to_text(cli::graph_json(graph)))) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  rpc::LineFramer whole(256);
  whole.feed(text);
  const auto at_once = judged(whole);
  rpc::LineFramer cut(256);
  std::vector<std::string> in_pieces;
  for (std::size_t at = 0; at < size; at += 7) {
    cut.feed(text.substr(at, 7));
    for (std::string& verdict : judged(cut)) in_pieces.push_back(std::move(verdict));
  }
  if (at_once != in_pieces) std::abort();

  std::string bytes(text.substr(0, 64));
  while (cli::take_press(bytes)) {
  }
  const auto object = parse_json_object(text);
  if (!object) return 0;
  (void)control::event_page_from(*object);
  const auto status = control::stack_status_from(*object);
  if (!status) return 0;
  const auto again = control::stack_status_from(control::to_json(*status));
  if (!again || to_text(to_json(*again)) != to_text(to_json(*status))) std::abort();
  show(*status, size);
  return 0;
}

#pragma once
// The terminal as a full screen of ours: alternate screen, keys one by one, no echo, no cursor. It
// is put back as it was on every way out: at the end of the object, before a signal ends the
// process (TERM, HUP, INT, QUIT, ABRT), and while the process is stopped (Ctrl-Z); after that it is
// taken again.
//
// One at a time; Thread: one. Errors: invalid, when standard input or output is no terminal.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/time.hpp"

namespace exai::cli {

struct Size {
  int columns = 80;
  int rows = 24;
  friend bool operator==(const Size&, const Size&) = default;
};

enum class Key { none, up, down, page_up, page_down, home, end, enter, escape, character, closed };

struct Press {
  Key key = Key::none;
  char character = 0;  // of Key::character
  friend bool operator==(const Press&, const Press&) = default;
};

// Takes the first press off what was read; nothing when there is none. Pure, as is_cut_off: it may
// be the beginning of a longer key's bytes.
std::optional<Press> take_press(std::string& bytes);
bool is_cut_off(std::string_view bytes);

class FullScreen {
 public:
  static Result<std::unique_ptr<FullScreen>> open();
  ~FullScreen();
  FullScreen(const FullScreen&) = delete;
  FullScreen& operator=(const FullScreen&) = delete;

  Size size() const;
  // The next key; Key::none when none came in time, or when the size may have changed; Key::closed
  // when there is no terminal any more.
  Press read(Duration wait);
  // Draws whole lines, from the top; what was there is overwritten in place, so nothing flickers.
  void draw(std::string_view frame) const;

 private:
  enum class Filled { more, nothing, closed };
  FullScreen() = default;
  Filled fill(Duration wait);

  std::string input_;
};

}  // namespace exai::cli

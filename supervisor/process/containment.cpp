#include "supervisor/process/containment.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "core/base/proc.hpp"
#include "core/base/text.hpp"
#include "supervisor/process/limits.hpp"

namespace exai::process {

namespace {

// Each service was waited for before. Shorter than `exai down` waits for the supervisor itself.
constexpr Duration kLastLimit = 2s;
constexpr int kGenerations = 8;

// Spaces and the like in a path are octal in /proc/self/mountinfo.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      int value = 0;
      for (std::size_t digit = 1; digit <= 3; ++digit) value = value * 8 + (text[i + digit] - '0');
      out += static_cast<char>(value);
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

struct Mount {
  std::string root;   // what of the tree is to be seen
  std::string point;  // where
};

// 36 35 0:29 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw
std::optional<Mount> cgroup2_mount(std::string_view mounts) {
  for (const std::string& line : split(mounts, '\n')) {
    if (line.find(" - cgroup2 ") == std::string::npos) continue;
    const std::vector<std::string> words = split(line, ' ');
    if (words.size() > 4) return Mount{unescaped(words[3]), unescaped(words[4])};
  }
  return std::nullopt;
}

// The line of version 2: "0::/user.slice/…"
std::optional<std::string> membership_in(std::string_view text) {
  for (const std::string& line : split(text, '\n'))
    if (line.starts_with("0::")) return line.substr(3);
  return std::nullopt;
}

// Limits want these controllers in the cgroups of the services. What the kernel refuses (processes
// beside ours in our place, none given to us) is not there; who sets a limit hears of it.
void pass_controllers(const Path& place, const Path& root) {
  const Cgroup above{place.string()};
  const Cgroup below{root.string()};
  for (const char* name : {"+memory", "+pids", "+cpu"}) {
    static_cast<void>(set_cgroup_value(above, "cgroup.subtree_control", name));
    static_cast<void>(set_cgroup_value(below, "cgroup.subtree_control", name));
  }
}

// A name of a service as a file name that cannot be one of the kernel's own.
std::string folder_name(const std::string& service) {
  std::string name;
  for (const char c : service)
    if (c == '/' || c == '%' || c == '\n')
      name += fmt::format("%{:02x}", static_cast<unsigned>(c));
    else
      name += c;
  return name.find('.') == std::string::npos ? name : "s-" + name;
}

// One reading of /proc for all who ask together.
void tell_processes(EndOfTurn<void(std::shared_ptr<const ProcessTable>)>::Requests requests) {
  const auto table = std::make_shared<const ProcessTable>(ProcessTable::read());
  for (auto& request : requests) std::move(request.answer)(table);
}

std::vector<Identity> alive_in(const Cgroup& cgroup) {
  std::vector<Identity> alive;
  for (const pid_t pid : processes_in(cgroup)) alive.push_back({pid, 0});
  return alive;
}

}  // namespace

Result<Path> cgroup_place(const CgroupFacts& facts) {
  if (facts.wanted == "off") return fail(Errc::unavailable, "EXAI_CGROUP=off");
  if (facts.wanted.starts_with('/')) return Path(facts.wanted);
  if (!facts.wanted.empty())
    return fail(Errc::unavailable, "EXAI_CGROUP is neither \"off\" nor an absolute path: {}",
                facts.wanted);
  const auto mount = cgroup2_mount(facts.mounts);
  if (!mount) return fail(Errc::unavailable, "no cgroup version 2 is mounted");
  const auto membership = membership_in(facts.membership);
  if (!membership) return fail(Errc::unavailable, "this process is in no cgroup of version 2");
  std::string_view place = *membership;
  if (place.starts_with("/.."))
    return fail(Errc::unavailable, "our cgroup is outside of what this container may see");
  if (mount->root != "/") {
    if (!place.starts_with(mount->root))
      return fail(Errc::unavailable, "our cgroup {} is not below what is mounted at {}",
                  *membership, mount->point);
    place.remove_prefix(mount->root.size());
  }
  while (place.starts_with('/')) place.remove_prefix(1);
  return place.empty() ? Path(mount->point) : Path(mount->point) / place;
}

// --- a thread that removes ---

struct Containment::Remover {
  using Requests = EndOfTurn<void(Removal), Cgroup>::Requests;

  explicit Remover(Loop& owner) : loop(owner) {}
  void remove(Requests requests) {
    // Shared, for a std::function is copied.
    thread.submit([&loop = loop, all = std::make_shared<Requests>(std::move(requests))] {
      std::vector<Removal> removals;
      removals.reserve(all->size());
      for (const auto& request : *all) removals.push_back(process::remove(request.asked));
      loop.post([all, removals = std::move(removals)] {
        for (std::size_t i = 0; i < all->size(); ++i) std::move((*all)[i].answer)(removals[i]);
      });
    });
  }

  Loop& loop;
  Island thread{loop, "cgroups"};
  EndOfTurn<void(Removal), Cgroup> turn{loop, [this](Requests all) { remove(std::move(all)); }};
};

Containment::~Containment() = default;

// --- how it is done here ---

Containment::Containment(Loop& loop, Path record, const std::string& name, std::string wanted)
    : loop_(loop), record_(std::move(record)), readings_(loop, tell_processes) {
  // What an earlier supervisor made is found again even when it is not to be used for more.
  if (const auto known = read_file(record_, 4096)) root_ = Path(trim(*known));
  if (!root_.empty() && !open_root()) root_.clear();
  const auto prepared = prepare(name, wanted);
  by_cgroup_ = prepared.has_value();
  // Also for what an earlier supervisor has started.
  const std::string given = root_.empty() ? "none" : controllers();
  counts_memory_ = given.find("memory") != std::string::npos;
  statement_ =
      by_cgroup_
          ? fmt::format("each service in a cgroup of its own, below {}; controllers: {}",
                        root_.string(), given)
          : fmt::format("by session and mark, without cgroups: {}", prepared.error().message());
}

Result<> Containment::prepare(const std::string& name, const std::string& wanted) {
  const CgroupFacts facts{read_file("/proc/self/mountinfo").value_or(""),
                          read_file("/proc/self/cgroup").value_or(""), wanted};
  TRY(place, cgroup_place(facts));
  if (root_.empty()) {
    const Path folder = place / name;
    if (auto made = process::make({folder.string()}); !made) return made;
    root_ = folder;
    if (auto opened = open_root(); !opened) return opened;
  }
  // It kills all of them at once; before it a fork bomb may run faster than those who chase it.
  if (::access((root_ / "cgroup.kill").c_str(), W_OK) != 0) {
    const Path folder = std::exchange(root_, {});
    static_cast<void>(process::remove(Cgroup{folder.string()}));
    return fail(Errc::unavailable, "{} cannot be killed as one (Linux 5.14 can)", folder.string());
  }
  pass_controllers(root_.parent_path(), root_);
  return replace_file(record_, root_.string() + "\n", 0600);
}

Result<> Containment::open_root() {
  TRY(folder, open_file(root_, O_PATH | O_DIRECTORY));
  open_root_ = std::move(folder);
  return {};
}

std::string Containment::controllers() const {
  const auto text = read_file(root_ / "cgroup.subtree_control", 4096);
  const std::string_view names = text ? trim(*text) : std::string_view();
  return names.empty() ? "none" : std::string(names);
}

Cgroup Containment::cgroup_of(const std::string& service, int generation) const {
  std::string name = folder_name(service);
  if (generation != 0) name += fmt::format("+{}", generation);
  return {std::move(name), open_root_.get()};
}

std::optional<Cgroup> Containment::make(const std::string& service) const {
  if (!by_cgroup_) return std::nullopt;
  for (int generation = 0; generation < kGenerations; ++generation) {
    Cgroup cgroup = cgroup_of(service, generation);
    if (::mkdirat(cgroup.above, cgroup.folder.c_str(), 0755) == 0) return cgroup;
    if (errno != EEXIST) return std::nullopt;
    if (process::remove(cgroup) == Removal::gone && process::make(cgroup)) return cgroup;
  }
  return std::nullopt;
}

std::vector<Cgroup> Containment::find(const std::string& service) const {
  std::vector<Cgroup> found;
  // At the first start of a stack nobody has one, and a thousand services are asked for.
  if (root_.empty() || !has_children({root_.string()})) return found;
  for (int generation = 0; generation < kGenerations; ++generation)
    if (const Cgroup cgroup = cgroup_of(service, generation); exists(cgroup))
      found.push_back(cgroup);
  return found;
}

std::optional<Cgroup> Containment::find(const std::string& service, pid_t pid) const {
  const auto membership =
      membership_in(read_file(fmt::format("/proc/{}/cgroup", pid), 4096).value_or(""));
  const Path place(membership ? trim(*membership) : std::string_view());
  for (const Cgroup& cgroup : find(service))
    if (place.filename() == cgroup.folder && place.parent_path().filename() == root_.filename())
      return cgroup;
  return std::nullopt;
}

Task<Removal> Containment::remove(Cgroup cgroup) {
  if (!remover_) co_return process::remove(cgroup);
  co_return co_await remover_->turn.async_ask(std::move(cgroup), kAwait);
}

std::uint64_t Containment::oom_kills(const Cgroup& cgroup) const {
  return counts_memory_ ? process::oom_kills(cgroup) : 0;
}

void Containment::go_down() {
  if (!root_.empty() && !remover_) remover_ = std::make_unique<Remover>(loop_);
}

void Containment::kill_everything() const {
  if (!root_.empty()) kill_all(Cgroup{root_.string()});
}

Result<> Containment::close() {
  if (root_.empty()) return {};
  remover_.reset();
  const Cgroup root{root_.string()};
  if (process::remove(root) == Removal::gone) return {};
  kill_all(root);
  const Time give_up = std::chrono::steady_clock::now() + kLastLimit;
  // The loop has ended: this may wait by itself. The kernel wakes it at each change.
  const auto events = open_file(root_ / "cgroup.events", O_RDONLY);
  while (process::remove(root) == Removal::populated) {
    const auto left =
        std::chrono::duration_cast<Duration>(give_up - std::chrono::steady_clock::now());
    if (left <= 0ms || !events)
      return fail(Errc::conflict, "processes that do not die: {}", describe(alive_in(root)));
    char byte = 0;
    static_cast<void>(!::pread(events->get(), &byte, 1, 0));
    pollfd watched{events->get(), POLLPRI, 0};
    ::poll(&watched, 1, static_cast<int>(std::min(left, Duration(100ms)).count()));
  }
  return {};
}

Task<std::shared_ptr<const ProcessTable>> Containment::processes() {
  co_return co_await readings_.async_wait(kAwait);
}

}  // namespace exai::process

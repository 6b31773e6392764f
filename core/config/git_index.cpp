#include "core/config/git_index.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace exai::config {

namespace {

// Numbers are big-endian. Past the end everything is zero, and `ok` says so.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  std::size_t at() const { return at_; }

  std::uint32_t number(int size) {
    std::uint32_t value = 0;
    for (int i = 0; i < size; ++i) value = (value << 8U) | byte();
    return value;
  }

  void skip(std::size_t count) {
    if (count > bytes_.size() - at_) ok_ = false;
    at_ = std::min(bytes_.size(), at_ + count);
  }

  std::string_view until_nul() {
    const std::size_t end = bytes_.find('\0', at_);
    if (end == bytes_.npos) {
      ok_ = false;
      return {};
    }
    const std::string_view text = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    return text;
  }

  // Of pack files: seven bits a byte, each further byte stands for one more.
  std::size_t offset() {
    std::uint32_t next = byte();
    std::size_t value = next & 0x7FU;
    for (int i = 0; i < 4 && (next & 0x80U) != 0; ++i) {
      next = byte();
      value = ((value + 1) << 7U) | (next & 0x7FU);
    }
    return value;
  }

 private:
  std::uint32_t byte() {
    if (at_ >= bytes_.size()) {
      ok_ = false;
      return 0;
    }
    return static_cast<unsigned char>(bytes_[at_++]);
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

// `hash_size` is 20 for SHA-1 and 32 for SHA-256: the index itself does not say.
std::optional<std::vector<std::string>> parse_index(std::string_view bytes, std::size_t hash_size) {
  Bytes in(bytes);
  if (in.number(4) != 0x44495243U) return std::nullopt;  // "DIRC"
  const std::uint32_t version = in.number(4);
  const std::uint32_t count = in.number(4);
  if (version < 2 || version > 4) return std::nullopt;
  std::vector<std::string> paths;
  std::string path;
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    const std::size_t begin = in.at();
    in.skip(40 + hash_size);
    const std::uint32_t flags = in.number(2);
    if ((flags & 0x4000U) != 0) in.skip(2);
    std::size_t kept = 0;
    if (version == 4) {
      const std::size_t dropped = in.offset();
      if (dropped > path.size()) return std::nullopt;
      kept = path.size() - dropped;
    }
    path = path.substr(0, kept) + std::string(in.until_nul());
    if (version < 4) in.skip((8 - (in.at() - begin) % 8) % 8);
    // Also tells the kinds of hashes apart: in the wrong one the length is no length.
    if ((flags & 0xFFFU) != std::min<std::size_t>(path.size(), 0xFFFU)) return std::nullopt;
    if (path.empty() || (!paths.empty() && path < paths.back())) return std::nullopt;
    paths.push_back(path);
  }
  if (!in.ok()) return std::nullopt;
  return paths;
}

// The folder that has the index of a work tree.
std::optional<Path> git_folder(const Path& root, const Facilities& world) {
  const Path git = root / ".git";
  const auto found = world.look(git);
  if (!found) return std::nullopt;
  if (found->kind != FileInfo::Kind::file) return git;
  const auto text = world.read(git);
  constexpr std::string_view kPointer = "gitdir:";
  if (!text || !text->starts_with(kPointer)) return std::nullopt;
  return (root / Path(trim(std::string_view(*text).substr(kPointer.size())))).lexically_normal();
}

}  // namespace

std::optional<std::vector<std::string>> parse_git_index(std::string_view bytes) {
  auto paths = parse_index(bytes, 20);
  return paths ? std::move(paths) : parse_index(bytes, 32);
}

bool GitRepository::tracks(const Path& file) const {
  return std::binary_search(tracked.begin(), tracked.end(),
                            file.lexically_relative(root).generic_string());
}

std::optional<GitRepository> find_repository(const Path& folder, const Facilities& world) {
  if (!world.look || !world.read) return std::nullopt;
  for (Path root = folder.lexically_normal();; root = root.parent_path()) {
    if (const auto git = git_folder(root, world)) {
      const auto bytes = world.read(*git / "index");
      if (!bytes) return std::nullopt;
      auto paths = parse_git_index(*bytes);
      if (!paths) return std::nullopt;
      return GitRepository{root, std::move(*paths)};
    }
    if (root == root.parent_path()) return std::nullopt;
  }
}

std::optional<IgnorePattern> git_ignores(const GitRepository& repository, const Path& file,
                                         const Facilities& world) {
  // The nearest list has the last word.
  for (Path folder = file.parent_path();; folder = folder.parent_path()) {
    const Path list = folder / ".gitignore";
    if (auto text = world.read(list)) {
      const std::string name = list.lexically_relative(repository.root).generic_string();
      const auto patterns = parse_ignore_file(
          std::make_shared<const Source>(Source{name, std::move(*text), list}), IgnoreDialect::git);
      const auto* found = last_match(patterns, file.lexically_relative(folder).generic_string());
      if (found != nullptr) return found->taken_back ? std::nullopt : std::optional(*found);
    }
    if (folder == repository.root || folder == folder.parent_path()) return std::nullopt;
  }
}

}  // namespace exai::config

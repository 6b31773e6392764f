#include "supervisor/service/credentials.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <vector>

#include "core/base/text.hpp"

namespace exai::service {

namespace {

constexpr std::size_t kEntryBytes = 64U << 10U;
constexpr int kMostGroups = 1024;

struct User {
  uid_t id = 0;
  gid_t group = 0;
  std::string name;  // empty: the database does not know the number
  std::string home;
};

Result<User> find_user(const std::string& wanted) {
  std::vector<char> bytes(kEntryBytes);
  passwd entry{};
  passwd* found = nullptr;
  ::getpwnam_r(wanted.c_str(), &entry, bytes.data(), bytes.size(), &found);
  const auto number = parse_integer(wanted);
  const bool is_number = number && *number >= 0 && *number < UINT32_MAX;
  if (!found && is_number)
    ::getpwuid_r(static_cast<uid_t>(*number), &entry, bytes.data(), bytes.size(), &found);
  if (found) return User{found->pw_uid, found->pw_gid, found->pw_name, found->pw_dir};
  if (!is_number) return fail(Errc::not_found, "there is no user {}", wanted);
  return User{static_cast<uid_t>(*number), static_cast<gid_t>(*number), "", "/"};
}

Result<gid_t> find_group(const std::string& wanted) {
  std::vector<char> bytes(kEntryBytes);
  group entry{};
  group* found = nullptr;
  ::getgrnam_r(wanted.c_str(), &entry, bytes.data(), bytes.size(), &found);
  if (found) return found->gr_gid;
  const auto number = parse_integer(wanted);
  if (number && *number >= 0 && *number < UINT32_MAX) return static_cast<gid_t>(*number);
  return fail(Errc::not_found, "there is no group {}", wanted);
}

// Its own group, and those it is a member of.
std::vector<gid_t> groups_of(const User& user, gid_t group) {
  if (user.name.empty()) return {group};
  std::vector<gid_t> groups(kMostGroups);
  int count = kMostGroups;
  if (::getgrouplist(user.name.c_str(), group, groups.data(), &count) < 0) return {group};
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

}  // namespace

Result<> run_as(const config::Service& service, SpawnSpec& spec) {
  if (service.umask) spec.umask = static_cast<mode_t>(*service.umask);
  spec.nice = service.nice;
  if (service.user.empty() && service.group_name.empty()) return {};
  User user{::geteuid(), ::getegid(), "", ""};
  if (!service.user.empty()) {
    TRY(found, find_user(service.user));
    user = std::move(found);
    spec.environment["HOME"] = user.home;
    if (!user.name.empty()) spec.environment["USER"] = spec.environment["LOGNAME"] = user.name;
  }
  gid_t group = user.group;
  if (!service.group_name.empty()) {
    TRY(found, find_group(service.group_name));
    group = found;
  }
  spec.credentials = Credentials{user.id, group, groups_of(user, group)};
  return {};
}

}  // namespace exai::service

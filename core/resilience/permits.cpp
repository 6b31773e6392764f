#include "core/resilience/permits.hpp"

#include <set>
#include <utility>

namespace exai::resilience {

namespace {

constexpr std::size_t kGlobal = static_cast<std::size_t>(Pool::global);

std::size_t count_in(const std::unordered_map<std::string, std::size_t>& counts,
                     const std::string& key) {
  const auto found = counts.find(key);
  return found == counts.end() ? 0 : found->second;
}

}  // namespace

std::string_view name(Pool pool) {
  constexpr std::array<std::string_view, kPools> kNames = {"global", "provider", "session",
                                                           "conversation"};
  return kNames[static_cast<std::size_t>(pool)];
}

Permit::Permit(Permit&& other) noexcept
    : permits_(std::exchange(other.permits_, nullptr)), ticket_(std::exchange(other.ticket_, 0)) {}

Permit& Permit::operator=(Permit&& other) noexcept {
  if (this == &other) return *this;
  release();
  permits_ = std::exchange(other.permits_, nullptr);
  ticket_ = std::exchange(other.ticket_, 0);
  return *this;
}

bool Permit::is_held() const {
  return permits_ && permits_->held_.contains(ticket_);
}

bool Permit::is_waiting() const {
  return permits_ && permits_->waiting_.contains(ticket_);
}

std::optional<Full> Permit::obstacle() const {
  if (!is_waiting()) return std::nullopt;
  auto full = permits_->obstacle(permits_->waiting_.at(ticket_), nullptr);
  if (!full) full = Full{Pool::global, "", permits_->limits_.global};  // kept for one before it
  return full;
}

void Permit::release() {
  if (Permits* permits = std::exchange(permits_, nullptr)) permits->release(ticket_);
}

Permits::Permits(PermitLimits limits, std::function<void(const Owner&)> granted)
    : limits_(std::move(limits)), granted_(std::move(granted)) {}

bool Permits::takes(const Holder& holder, std::size_t pool) {
  return pool == kGlobal || !holder.keys[pool].empty();
}

std::size_t Permits::limit_of(std::size_t pool, const std::string& key) const {
  switch (static_cast<Pool>(pool)) {
    case Pool::global:
      return limits_.global;
    case Pool::provider: {
      const auto found = limits_.providers.find(key);
      return found == limits_.providers.end() ? 0 : found->second;
    }
    case Pool::session:
      return limits_.session;
    case Pool::conversation:
      return limits_.conversation;
  }
  return 0;
}

std::optional<Full> Permits::obstacle(const Holder& holder, const Counts* claims) const {
  for (std::size_t pool = 0; pool < kPools; ++pool) {
    if (!takes(holder, pool)) continue;
    const std::string& key = holder.keys[pool];
    const std::size_t limit = limit_of(pool, key);
    if (limit == 0) continue;
    const std::size_t kept = claims ? count_in((*claims)[pool], key) : 0;
    if (count_in(used_[pool], key) + kept >= limit)
      return Full{static_cast<Pool>(pool), key, limit};
  }
  return std::nullopt;
}

void Permits::take(Holder& holder) {
  for (std::size_t pool = 0; pool < kPools; ++pool) {
    if (!takes(holder, pool)) continue;
    holder.taken[pool] = &*used_[pool].try_emplace(holder.keys[pool]).first;
    ++holder.taken[pool]->second;
  }
}

Permits::Answer Permits::ask(Demand demand, Owner owner, WhenFull when_full) {
  Holder holder{
      {"", std::move(demand.provider), std::move(demand.session), std::move(demand.conversation)},
      std::move(owner)};
  Answer answer;
  answer.full = obstacle(holder, nullptr);
  const bool may_wait = when_full == WhenFull::wait_turn;
  const Ticket ticket = ++last_;
  if (!answer.full && (waiting_.empty() || !may_wait)) {
    take(holder);
    held_.emplace(ticket, std::move(holder));
    answer.permit = Permit(*this, ticket);
    return answer;
  }
  if (!may_wait) return answer;
  if (waiting_.size() >= limits_.waiting) {
    answer.queue_is_full = true;
    if (!answer.full) answer.full = Full{Pool::global, "", limits_.global};
    return answer;
  }
  waiting_.emplace(ticket, std::move(holder));
  answer.permit = Permit(*this, ticket);
  if (!answer.full) {  // there is room, unless it is kept for one who came before
    const auto granted = std::exchange(granted_, nullptr);
    admit_waiting();
    granted_ = granted;
    if (!answer.permit.is_held()) answer.full = answer.permit.obstacle();
  }
  return answer;
}

void Permits::release(Ticket ticket) {
  if (waiting_.erase(ticket) == 0) {
    const auto found = held_.find(ticket);
    if (found == held_.end()) return;  // taken back before
    const Holder& holder = found->second;
    for (std::size_t pool = kPools; pool-- > 0;) {
      const Count::pointer used = holder.taken[pool];
      // Sessions and conversations come and go without end; providers are as many as there are.
      const bool of_passers = pool > static_cast<std::size_t>(Pool::provider);
      if (used && --used->second == 0 && of_passers) used_[pool].erase(holder.keys[pool]);
    }
    held_.erase(found);
  }
  if (!waiting_.empty()) admit_waiting();
}

void Permits::admit_waiting() {
  Counts claims;
  std::set<std::pair<Pool, std::string>> lines;  // full pools whose first in line we have met
  std::vector<Owner> granted;
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    Holder& holder = it->second;
    const auto full = obstacle(holder, &claims);
    if (!full) {
      take(holder);
      granted.push_back(holder.owner);
      held_.emplace(it->first, std::move(holder));
      it = waiting_.erase(it);
      continue;
    }
    if (lines.emplace(full->pool, full->key).second)
      for (std::size_t pool = 0; pool < kPools; ++pool)
        if (takes(holder, pool)) ++claims[pool][holder.keys[pool]];
    if (full->pool == Pool::global) break;  // which all want
    ++it;
  }
  if (granted_)
    for (const Owner& owner : granted) granted_(owner);
}

std::size_t Permits::in_use(Pool pool, std::string_view key) const {
  return count_in(used_[static_cast<std::size_t>(pool)], std::string(key));
}

std::vector<Owner> Permits::leaked(const std::function<bool(const Owner&)>& exists) const {
  std::vector<Owner> leaked;
  for (const auto& [ticket, holder] : held_)
    if (!exists(holder.owner)) leaked.push_back(holder.owner);
  return leaked;
}

void Permits::reclaim(const Owner& owner) {
  std::vector<Ticket> tickets;
  for (const auto& [ticket, holder] : held_)
    if (holder.owner == owner) tickets.push_back(ticket);
  for (const Ticket ticket : tickets) release(ticket);
}

}  // namespace exai::resilience

#include "daemon/mcp/exai_ledger.hpp"

#include <utility>

namespace exai::mcp {

namespace {

constexpr char kRequest = 'r';
constexpr char kCall = 'c';

// A session id has no zero in it.
std::string name_of(std::string_view session, char kind, std::string_view id) {
  std::string name;
  name.reserve(session.size() + id.size() + 2);
  name.append(session).append(1, '\0').append(1, kind).append(id);
  return name;
}

}  // namespace

const std::string* ExaiLedger::find(const std::string& name, Time now) {
  expire(now);
  const auto found = stored_.find(name);
  return found == stored_.end() ? nullptr : found->second->result.get();
}

const std::string* ExaiLedger::result_of_request(std::string_view session, std::string_view request,
                                                 Time now) {
  return find(name_of(session, kRequest, request), now);
}

const std::string* ExaiLedger::result_of_call(std::string_view session, std::string_view key,
                                              Time now) {
  return key.empty() ? nullptr : find(name_of(session, kCall, key), now);
}

const ExaiLedger::Running* ExaiLedger::running_request(std::string_view session,
                                                       std::string_view request) const {
  const auto found = running_.find(name_of(session, kRequest, request));
  return found == running_.end() ? nullptr : &found->second;
}

const ExaiLedger::Running* ExaiLedger::running_call(std::string_view session,
                                                    std::string_view key) const {
  if (key.empty()) return nullptr;
  const auto found = running_.find(name_of(session, kCall, key));
  return found == running_.end() ? nullptr : &found->second;
}

void ExaiLedger::start(std::string_view session, std::string_view key, Running running) {
  if (!key.empty()) running_.insert_or_assign(name_of(session, kCall, key), running);
  std::string name = name_of(session, kRequest, running.request);
  running_.insert_or_assign(std::move(name), std::move(running));
}

void ExaiLedger::end(std::string_view session, std::string_view request, std::string_view key) {
  running_.erase(name_of(session, kRequest, request));
  if (!key.empty()) running_.erase(name_of(session, kCall, key));
}

void ExaiLedger::keep(std::string_view session, std::string_view request, std::string_view key,
                      std::string result, Time now) {
  expire(now);
  if (result.size() > limits_.largest) return;
  const auto shared = std::make_shared<const std::string>(std::move(result));
  put(name_of(session, kRequest, request), shared, now);
  if (!key.empty()) put(name_of(session, kCall, key), shared, now);
}

void ExaiLedger::put(std::string name, const std::shared_ptr<const std::string>& result, Time now) {
  if (const auto old = stored_.find(name); old != stored_.end()) {
    bytes_ -= old->second->bytes;
    order_.erase(old->second);
    stored_.erase(old);
  }
  const std::size_t bytes = result->size() + name.size();
  bytes_ += bytes;
  order_.push_back({std::move(name), result, bytes, now + limits_.keep});
  stored_.emplace(order_.back().name, std::prev(order_.end()));
  while (order_.size() > limits_.entries || bytes_ > limits_.bytes) drop_oldest();
}

void ExaiLedger::drop_oldest() {
  bytes_ -= order_.front().bytes;
  stored_.erase(order_.front().name);
  order_.pop_front();
}

void ExaiLedger::expire(Time now) {
  while (!order_.empty() && order_.front().until <= now) drop_oldest();
}

}  // namespace exai::mcp

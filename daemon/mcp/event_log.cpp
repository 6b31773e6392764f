#include "daemon/mcp/event_log.hpp"

#include <utility>

#include "core/base/text.hpp"

namespace exai::mcp {

namespace {

constexpr std::size_t kOverhead = 64;  // of an event, beside its message

std::size_t cost_of(const EventLog::Event& event) {
  return event.message.size() + kOverhead;
}

}  // namespace

EventLog::Event EventLog::append(std::uint64_t stream, std::string message) {
  Stream& known = streams_[stream];
  Event event{{stream, ++known.last}, std::move(message)};
  bytes_ += cost_of(event);
  known.events.push_back(event);
  make_room();
  return event;
}

void EventLog::end(std::uint64_t stream) {
  const auto found = streams_.find(stream);
  if (found == streams_.end() || std::exchange(found->second.ended, true)) return;
  ended_.push_back(stream);
  if (ended_.size() > kMostEnded) forget(ended_.front());
}

void EventLog::forget(std::uint64_t stream) {
  const auto found = streams_.find(stream);
  while (!found->second.events.empty()) drop_oldest(found->second);
  streams_.erase(found);
  std::erase(ended_, stream);
}

void EventLog::drop_oldest(Stream& stream) {
  bytes_ -= cost_of(stream.events.front());
  stream.events.pop_front();
}

void EventLog::make_room() {
  while (bytes_ > limit_ && !ended_.empty()) forget(ended_.front());
  for (auto& [number, stream] : streams_)
    while (bytes_ > limit_ && stream.events.size() > 1) drop_oldest(stream);
}

Result<std::vector<EventLog::Event>> EventLog::after(Id id) const {
  const auto found = streams_.find(id.stream);
  if (found == streams_.end() || id.number == 0 || id.number > found->second.last)
    return fail(Errc::not_found, "there is no event {} to go on from", to_text(id));
  const auto& events = found->second.events;
  if (events.front().id.number > id.number + 1)
    return fail(Errc::not_found, "event {} is too long ago: what followed it is no longer kept",
                to_text(id));
  std::vector<Event> rest;
  for (const Event& event : events)
    if (event.id.number > id.number) rest.push_back(event);
  return rest;
}

std::string EventLog::to_text(Id id) {
  return fmt::format("{}-{}", id.stream, id.number);
}

std::optional<EventLog::Id> EventLog::parse(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto stream = parse_integer(text.substr(0, dash));
  const auto number = parse_integer(text.substr(dash + 1));
  if (!stream || !number || *stream < 0 || *number < 0) return std::nullopt;
  return Id{static_cast<std::uint64_t>(*stream), static_cast<std::uint64_t>(*number)};
}

}  // namespace exai::mcp

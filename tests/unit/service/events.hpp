#pragma once
// Steps of the state machine, for tests that tell a story.

#include <initializer_list>

#include "supervisor/service/state.hpp"

namespace exai::service {

inline const Time t0 = Time{} + 1h;

inline Machine after(Machine machine, std::initializer_list<Event> events, Time now = t0) {
  for (const Event& event : events) machine = step(machine, event, now).machine;
  return machine;
}

inline Event exited(int code) {
  Event event{Input::exited};
  event.exit.code = code;
  return event;
}
inline Event killed_by(int number) {
  Event event{Input::exited};
  event.exit.signal = number;
  return event;
}

}  // namespace exai::service

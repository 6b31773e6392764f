#pragma once
// The three kinds of time. Deadlines and delays use Time (steady); WallTime is only for people and
// files. A clock that can be moved by hand (FakeClock) lives in loop.hpp.

#include <algorithm>
#include <chrono>

namespace exai {

using Duration = std::chrono::milliseconds;
using Time = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;

using namespace std::chrono_literals;

// The nearest that WallTime has to a time of any year. It counts nanoseconds, so it begins in 1677
// and ends in 2262: "9999-12-31", as certificates and people write it, is its end.
constexpr WallTime nearest_wall_time(std::chrono::sys_time<Duration> time) {
  return std::clamp(time, std::chrono::ceil<Duration>(WallTime::min()),
                    std::chrono::floor<Duration>(WallTime::max()));
}

}  // namespace exai

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

// Times that others write may be of any year: "9999-12-31" in a certificate. WallTime counts
// nanoseconds and has 584 years, of which half can be a difference. So what comes from outside is
// taken as the nearest of these 285: the distance of two of them, and a few years more, always fit.
constexpr WallTime kEarliestWallTime = std::chrono::sys_days(std::chrono::year(1970) / 1 / 1);
constexpr WallTime kLatestWallTime = std::chrono::sys_days(std::chrono::year(2255) / 1 / 1);

constexpr WallTime nearest_wall_time(std::chrono::sys_time<Duration> time) {
  return std::clamp(time, std::chrono::floor<Duration>(kEarliestWallTime),
                    std::chrono::floor<Duration>(kLatestWallTime));
}

}  // namespace exai

#pragma once
// The three kinds of time. Deadlines and delays use Time (steady); WallTime is only for people and
// files. A clock that can be moved by hand (FakeClock) lives in loop.hpp.

#include <chrono>

namespace exai {

using Duration = std::chrono::milliseconds;
using Time = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;

using namespace std::chrono_literals;

}  // namespace exai

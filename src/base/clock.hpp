#pragma once
#include <chrono>

namespace keyshift {

/// Monotonic time, for time limits and rates. Sans-IO code receives it as a parameter and never reads a clock.
using Time = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Wall clock in milliseconds since 1970, as Redis counts expiry.
using UnixMillis = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

}  // namespace keyshift

#pragma once
#include <string>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

namespace keyshift::cli {

/// GET http://<address><path>, `address` being HOST:PORT. The body when the answer is 200, else an error (`system`)
/// that says what went wrong. Takes at most `limit`; at most 4 MiB are read.
Result<std::string> http_get(const std::string& address, const std::string& path, Duration limit);

}  // namespace keyshift::cli

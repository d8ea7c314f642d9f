#pragma once
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>

#include "base/clock.hpp"
#include "control/verify.hpp"
#include "store/connection.hpp"

namespace keyshift::driver {

struct VerifyOptions {
  control::VerifyPlan plan;
  std::uint32_t keys_per_second = 0;  ///< 0: as fast as it goes
  std::uint64_t most_keys = 0;        ///< the scan ends behind the page with this one; 0: all are looked at
  Duration again_after = milliseconds(500);
  /// Called after each page; false: stop, with error `system`. May be empty.
  std::function<bool(const control::VerifyReport&)> progress;
};

/// Looks at every key of the database that `connection` is in, which must be that of `rules`, and once more at what is
/// not as it should be. `rules` lives until it returns. Only reads. Error `store`: refused, a replica, or the server
/// failed over or began anew while it was looked at.
boost::asio::awaitable<Result<control::VerifyReport>> verify(store::Connection& connection,
                                                             const transforms::RuleSet& rules, VerifyOptions options);

}  // namespace keyshift::driver

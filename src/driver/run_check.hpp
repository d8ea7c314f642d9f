#pragma once
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>

#include "control/verify.hpp"
#include "driver/run_facts.hpp"

namespace keyshift::driver {

/// What is looked at for a gate, and where its result goes in the notes of the run.
enum class RunCheck : std::uint8_t {
  rehearsal,  ///< in observe: would the records come through; enough of each rule
  verify,     ///< every record is where its phase wants it; behind a clean pass the way back of each, too
  way_back,   ///< in migrate: would the records come back; enough of each rule
};
std::string_view name(RunCheck check) noexcept;

/// So many records of each rule, or all, are enough for a rehearsal.
inline constexpr std::uint64_t kRehearsed = 10'000;

struct RunCheckOptions {
  store::Url upstream;
  std::string name;    ///< of this process, in names of connections
  std::string by;      ///< user@host
  bool quiet = false;  ///< an audit entry only when the result is another one than that which stands there
  std::function<bool(const control::VerifyReport&)> progress;  ///< as in VerifyOptions
};

/// Looks, at the speed that the spec gives the sweep, and notes the result with era, spec and server. Changes no
/// record. Errors as verify(), or those of the store.
boost::asio::awaitable<Result<control::VerifyReport>> check_run(FleetStore& store, RunCheckOptions options,
                                                                control::Change cur, MeantRun run, RunCheck check);

}  // namespace keyshift::driver

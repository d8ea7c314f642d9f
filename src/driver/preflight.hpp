#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/preflight.hpp"
#include "driver/store_gate.hpp"
#include "store/connection.hpp"
#include "transforms/rule_set.hpp"

namespace keyshift::driver {

struct PreflightOptions {
  store::Url upstream;
  std::string name;                                  ///< of this process, in names of connections
  std::optional<store::Url> source;                  ///< of the file, when its address is not that of `upstream`
  std::string file;                                  ///< the migration file, for messages; may be empty
  std::shared_ptr<const transforms::RuleSet> rules;  ///< null: without a migration
  std::vector<transforms::AllowedClient> allow;
  std::uint64_t look_keys = 100'000;  ///< how many keys the look for clashes goes through
  Duration limit = seconds(3);        ///< to connect, and for each answer
};

/// Asks the server all that control::judge() wants to know. Never fails: what could not be asked is in the facts.
/// Takes a few seconds at most, but for the look at keys, which goes on at 50,000 keys a second.
boost::asio::awaitable<control::PreflightFacts> look_before(boost::asio::any_io_executor executor,
                                                            PreflightOptions options);

/// The proof that naming and killing connections works at `url` (docs/check.md, "The proof"); the error says what did
/// not. Leaves nothing behind where it succeeds.
boost::asio::awaitable<Result<void>> prove_naming_and_killing(boost::asio::any_io_executor executor, store::Url url,
                                                              std::string name, Duration limit);

}  // namespace keyshift::driver

#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "store/url.hpp"

namespace keyshift::driver {

/// What is asked of a store before rules and a mode that were given by hand are used on it: that no control record
/// says where its records are, and that the source which the migration file names is this store and no other.
struct StoreGate {
  store::Url upstream;
  /// Where the file says that the records are; unset when its address is that of `upstream`, so that nothing is asked
  /// (and nothing written).
  std::optional<store::Url> source;
  std::string file;             ///< the migration file, for messages; may be empty
  std::string connection_name;  ///< of the connections that ask
  bool record_allowed = false;  ///< only ask which store it is: a control record is no reason to refuse
  Duration limit = seconds(1);  ///< to connect, and for each answer, at each address
};

/// What could not be made sure of, in words. Empty: everything was.
using Doubts = std::vector<std::string>;

/// Asks. Error `gate`: the store must not be used so; the message says what is where and what to do. Any other error:
/// the upstream could not be asked, nothing is known, ask again. A source that cannot be reached from here is a doubt.
///
/// Stores are told from each other by an id that is kept in them (docs/formats.md): the first who compares writes it.
boost::asio::awaitable<Result<Doubts>> pass_gate(boost::asio::any_io_executor executor, StoreGate gate);

/// The second question alone: is `gate.source`, when it is set, the store at the upstream? Errors as above.
boost::asio::awaitable<Result<Doubts>> compare_stores(boost::asio::any_io_executor executor, StoreGate gate);

/// True when both URLs lead to the same place by what they say: kind, addresses, path. Users and databases do not
/// count.
bool same_address(const store::Url& a, const store::Url& b) noexcept;

}  // namespace keyshift::driver

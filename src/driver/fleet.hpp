#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "control/control_record.hpp"
#include "control/flip.hpp"
#include "store/connection.hpp"
#include "store/url.hpp"

namespace keyshift::driver {

struct FleetOptions {
  store::Url upstream;                  ///< redis:// or unix://, a primary
  std::string name;                     ///< of this process: its connections are called keyshift:<name>:ctl
  Duration request_limit = seconds(1);  ///< to connect to a server, and for each of its answers
};

/// How one process speaks with a store about its control record. Connections are made when they are needed and kept.
/// One coroutine at a time, on the executor's one thread.
class FleetStore {
 public:
  FleetStore(boost::asio::any_io_executor executor, FleetOptions options);
  ~FleetStore();
  FleetStore(FleetStore&&) noexcept;
  FleetStore& operator=(FleetStore&&) noexcept;

  /// The control connection to the primary, in database 0, for whatever else must be read or written there.
  /// Error `store`: not reachable, or no primary. The pointer is good until the next call on this object.
  boost::asio::awaitable<Result<store::Connection*>> primary();

  struct State;
  [[nodiscard]] State& state() noexcept { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// The control record as it is now, and the texts of its runs' specs.
struct ControlState {
  std::optional<control::ControlRecord> record;  ///< none: there is none
  std::map<Bytes, Bytes> specs;                  ///< by SHA-256; only those whose text has that hash
};
/// Error `store`: could not be asked, or is no primary. Error `control`: a record that makes no sense.
boost::asio::awaitable<Result<ControlState>> read_control(FleetStore& store);

/// Carries `request` to its end. An error only when the store cannot be reached at all at the beginning.
boost::asio::awaitable<Result<control::ChangeOutcome>> carry(FleetStore& store, control::ChangeRequest request);

/// Writes the text of a spec at its name and returns its SHA-256 (hexadecimal). Idempotent.
boost::asio::awaitable<Result<Bytes>> write_spec(FleetStore& store, Bytes text);

/// SHA-256 of `text`, hexadecimal: the name of a spec.
Bytes spec_hash(BytesView text);

}  // namespace keyshift::driver

#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "migration/mode.hpp"
#include "transforms/rule_set.hpp"

namespace keyshift::proxy {

/// Mistakes that tests plant, to see that they are noticed.
enum class Naive : std::uint8_t {
  none,
  unread,      ///< a connection is used without a look at the epoch key
  unheld,      ///< a hold stops nothing
  remembered,  ///< what was known to be in place is still known in the next era
  retry,       ///< ... and behind a lost connection
  refused,     ///< a read's refused move is not looked at
  piped,       ///< writes go behind their move instead of in one transaction with it
  old_side,    ///< commands run under the old names, whatever the phase says
  key_first,   ///< the epoch key is read before the connection is named
  no_word,     ///< changes are compared by their epoch, without the word
  no_reread,   ///< a living connection is used as soon as its new name was sent
  closes,      ///< what is parked is ended by closing its connection, and parked again
};

/// What the engine of one worker is told at its start. Bytes and times; every bound has a stated policy.
struct EngineSettings {
  /// Rules, mode and run come with Engine::turn(), from the control record; until the first one commands wait.
  bool follows = false;
  std::shared_ptr<const transforms::RuleSet> rules;  ///< by hand; null: no migration, everything is out of scope
  migration::Mode mode = migration::Mode::old;       ///< by hand
  migration::View view = migration::View::old;
  std::string proxy_name = "proxy";  ///< in the names of upstream connections: keyshift:<proxy>:<epoch>.<word>
  std::string run = "manual";        ///< by hand: run id that reserved keys carry
  std::string upstream_user;         ///< the proxy's own credentials; empty: none, the app's AUTH goes through
  std::string upstream_password;
  int upstream_database = 0;  ///< database of the upstream URL: what a client without SELECT uses

  std::size_t ensured_bytes = 4 * 1024 * 1024;      ///< memory of records known to be in place
  std::size_t client_out_high = 256 * 1024;         ///< above it no further command of that client is read
  std::size_t client_out_limit = 64 * 1024 * 1024;  ///< above it the client is disconnected, as Redis does
  std::size_t upstream_out_high = 256 * 1024;       ///< above it the client that feeds it is not read
  std::size_t big_reply = 256 * 1024;               ///< a reply longer than this leaves the shared connections
  std::size_t big_request = 64 * 1024;              ///< an argument longer than this is streamed, not buffered
  std::size_t request_limit = 64 * 1024 * 1024;     ///< a request that must be buffered whole may be this long
  std::uint32_t pipeline_limit = 4096;              ///< commands of one client in flight
  std::size_t idle_pinned = 64;                     ///< idle connections kept for the next pinned session
  Duration request_timeout = seconds(30);           ///< an upstream that answers nothing for so long is given up
  Duration connect_timeout = seconds(2);
  Duration hold_limit = seconds(2);    ///< what a command on a record waits for a hold, give or take a second
  Duration idle_timeout = seconds(0);  ///< a client that sends nothing for so long is closed; 0: never
  bool allow_dangerous = false;        ///< SHUTDOWN, REPLICAOF and friends
  Naive naive = Naive::none;           ///< for tests
};

}  // namespace keyshift::proxy

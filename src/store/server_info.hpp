#pragma once
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "resp/info_field.hpp"
#include "store/connection.hpp"

namespace keyshift::store {

/// Which life of which server this is: changes with every restart and every failover. (INFO server, replication.)
struct ServerIdentity {
  std::string run_id;
  std::string master_replid;
  bool operator==(const ServerIdentity&) const = default;
};

/// What INFO says of a server at one moment, as far as Keyshift looks at it. What a server does not say is 0 or empty.
struct ServerInfo {
  ServerIdentity identity;
  std::string version;                  ///< "7.0.15"
  std::string role;                     ///< "master" or "slave"
  std::uint32_t replicas = 0;           ///< attached and online
  std::uint64_t replica_lag_bytes = 0;  ///< of the one that is furthest behind; offsets of the replication stream
  std::uint64_t aof_delayed_fsync = 0;  ///< a counter; growth means that the disk is late
  bool loading = false;
};

using resp::info_field;

/// The value of `name` in what INFO says of one replica, "ip=...,port=...,state=online,offset=1,lag=0". A view into it.
std::string_view replica_part(std::string_view line, std::string_view name) noexcept;

/// Reads the text of INFO (all sections wanted, one after the other). Never fails: what is not understood stays 0.
ServerInfo read_info(std::string_view info);

/// Asks `connection` for the sections that ServerInfo needs. Error `store` when the server refuses INFO.
boost::asio::awaitable<Result<ServerInfo>> ask_info(Connection& connection);

}  // namespace keyshift::store

#include "store/server_info.hpp"

#include <charconv>

#include "resp/encode.hpp"

namespace keyshift::store {
namespace {

std::uint64_t number(std::string_view text) noexcept {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

void read_replicas(std::string_view info, ServerInfo& out) {
  const std::uint64_t head = number(info_field(info, "master_repl_offset"));
  const std::uint64_t announced = number(info_field(info, "connected_slaves"));
  for (std::uint64_t i = 0; i < announced && i < 1024; ++i) {
    const auto line = info_field(info, "slave" + std::to_string(i));
    if (replica_part(line, "state") != "online") continue;
    ++out.replicas;
    const std::uint64_t offset = number(replica_part(line, "offset"));
    if (head > offset && head - offset > out.replica_lag_bytes) out.replica_lag_bytes = head - offset;
  }
}

}  // namespace

std::string_view replica_part(std::string_view line, std::string_view name) noexcept {
  while (!line.empty()) {
    const auto comma = line.find(',');
    const auto item = line.substr(0, comma);
    if (item.size() > name.size() && item.starts_with(name) && item[name.size()] == '=')
      return item.substr(name.size() + 1);
    if (comma == line.npos) break;
    line.remove_prefix(comma + 1);
  }
  return {};
}

ServerInfo read_info(std::string_view info) {
  ServerInfo out;
  out.identity.run_id = info_field(info, "run_id");
  out.identity.master_replid = info_field(info, "master_replid");
  out.version = info_field(info, "redis_version");
  out.role = info_field(info, "role");
  out.aof_delayed_fsync = number(info_field(info, "aof_delayed_fsync"));
  out.loading = info_field(info, "loading") == "1";
  read_replicas(info, out);
  return out;
}

boost::asio::awaitable<Result<ServerInfo>> ask_info(Connection& connection) {
  Bytes commands;
  resp::append_command(commands, {"INFO", "server"});
  resp::append_command(commands, {"INFO", "replication"});
  resp::append_command(commands, {"INFO", "persistence"});
  const auto replies = co_await connection.ask(std::move(commands), 3);
  if (!replies) co_return replies.error();
  std::string text;
  for (const resp::Reply& reply : *replies) {
    if (reply.error()) co_return fail(ErrorCode::store, "INFO was refused: " + reply.text);
    text.append(reply.text).append("\r\n");
  }
  co_return read_info(text);
}

}  // namespace keyshift::store

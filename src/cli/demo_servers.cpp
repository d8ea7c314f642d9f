#include "cli/demo_servers.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/demo_records.hpp"
#include "cli/demo_redis.hpp"
#include "cli/http_get.hpp"

namespace keyshift::cli::demo {
namespace {

constexpr auto start_limit = seconds(10);
constexpr std::size_t batch = 500;

std::string local(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

/// Waits until PING is answered there.
Result<void> answers(Child& process, std::uint16_t port, const std::string& what, const std::string& log) {
  const Time limit = std::chrono::steady_clock::now() + start_limit;
  while (process.running() && std::chrono::steady_clock::now() < limit && !Interrupts::came()) {
    if (auto redis = Redis::connect(port); redis && is_text(redis->ask({"PING"}).get(), "PONG")) return {};
    std::this_thread::sleep_for(milliseconds(20));
  }
  return fail(ErrorCode::system, what + " did not start: " + tail_of(log));
}

Result<void> fill(Redis& redis, const Dataset& data, std::uint64_t records) {
  for (std::uint64_t begin = 0; begin < records; begin += batch) {
    if (Interrupts::came()) return fail(ErrorCode::system, "interrupted");
    const std::uint64_t end = std::min<std::uint64_t>(begin + batch, records);
    for (std::uint64_t id = begin; id < end; ++id)
      redis.append(create_command(old_name(data, id), id, first_record(data, id)));
    for (std::uint64_t id = begin; id < end; ++id)
      if (const Reply reply = redis.take(); is_error(reply))
        return fail(ErrorCode::store, "filling failed: " + (reply ? std::string(reply->str) : redis.trouble()));
  }
  return {};
}

}  // namespace

Result<RedisServer> RedisServer::start(const WorkDirectory& directory) {
  RedisServer out;
  const auto port = free_port();
  if (!port) return port.error();
  out.port = *port;
  const std::string log = directory.file("redis.log");
  auto process = Child::start({"redis-server", "--port", std::to_string(out.port), "--bind", "127.0.0.1", "--save", "",
                               "--appendonly", "no", "--repl-diskless-sync-delay", "0", "--dir", directory.path()},
                              log);
  if (!process) return process.error();
  out.process = std::move(*process);
  auto ready = answers(out.process, out.port, "redis-server", log);
  if (!ready && tail_of(log).empty())
    return fail(ErrorCode::system, "redis-server did not start; is it installed? (apt-get install redis-server)");
  if (!ready) return ready.error();
  return Result<RedisServer>(boost::system::in_place_value, std::move(out));
}

Result<ProxyServer> ProxyServer::create(unsigned number) {
  ProxyServer out;
  const auto port = free_port();
  const auto admin = free_port();
  if (!port || !admin) return fail(ErrorCode::system, "no free port on loopback");
  out.port_ = *port;
  out.admin_ = *admin;
  out.name_ = "proxy-" + std::to_string(number);
  return Result<ProxyServer>(boost::system::in_place_value, std::move(out));
}

Result<void> ProxyServer::start(const WorkDirectory& directory, std::uint16_t redis_port) {
  const std::string log = directory.file(name_ + ".log");
  auto started =
      Child::start({own_path(), "proxy", "--listen", local(port_), "--upstream", "redis://" + local(redis_port) + "/0",
                    "--admin", local(admin_), "--health", "off", "--name", name_, "--log-format", "text"},
                   log);
  if (!started) return started.error();
  process = std::move(*started);
  return answers(process, port_, "keyshift proxy", log);
}

Result<void> fill(std::uint16_t redis_port, std::uint64_t records, std::uint64_t outside, std::int64_t epoch_ms) {
  auto redis = Redis::connect(redis_port);
  if (!redis) return redis.error();
  if (auto inside = fill(*redis, {epoch_ms, false}, records); !inside) return inside;
  if (auto rest = fill(*redis, {epoch_ms, true}, outside); !rest) return rest;
  const auto wanted = static_cast<std::int64_t>(records + outside);
  if (is_integer(redis->ask({"DBSIZE"}).get(), wanted)) return {};
  return fail(ErrorCode::store, "the server does not have the records that were written");
}

Result<ProxyPage> page_of(const ProxyServer& proxy) {
  const auto body = http_get(local(proxy.admin()), "/status", milliseconds(500));
  if (!body) return body.error();
  const auto status = nlohmann::json::parse(*body, nullptr, false);
  if (!status.is_object() || !status.contains("rules")) return fail(ErrorCode::system, proxy.name() + " has no status");
  ProxyPage out;
  for (const nlohmann::json& rule : status["rules"])
    out.moved_by_clients += rule.value("moved_by_commands", std::uint64_t{0});
  const nlohmann::json sweep = status.value("sweep", nlohmann::json());
  if (!sweep.is_object()) return out;
  out.swept = sweep.value("moved", std::uint64_t{0});
  out.sweeps = sweep.value("state", std::string()) == "sweeping";
  return out;
}

}  // namespace keyshift::cli::demo

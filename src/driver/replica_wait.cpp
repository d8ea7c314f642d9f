// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/replica_wait.hpp"

#include "control/node_memory.hpp"
#include "driver/replica_list.hpp"
#include "migration/reserved_name.hpp"
#include "resp/encode.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
namespace {

std::set<std::string> spared_in(const resp::Reply& memory) {
  std::map<Bytes, Bytes> fields;
  for (std::size_t i = 0; i + 1 < memory.elements.size(); i += 2)
    fields[memory.elements[i].text] = memory.elements[i + 1].text;
  const auto known = control::read_node_memory(fields);
  std::set<std::string> out;
  for (const auto* all : {&known.gone, &known.unwaited})
    for (const auto& [run, said] : *all)
      if (const auto node = known.nodes.find(run); node != known.nodes.end()) out.insert(node->second.name);
  return out;
}

}  // namespace

asio::awaitable<bool> all_but_excluded_have_it(asio::any_io_executor executor, store::Url url,
                                               store::ConnectOptions options) {
  options.database = 0;
  const auto connection = co_await store::Connection::open(executor, std::move(url), std::move(options));
  if (!connection) co_return false;
  std::vector<Bytes> ask{"HGETALL", migration::nodes_name()};
  const auto memory = co_await (*connection)->ask(std::move(ask));
  const auto spared = memory ? spared_in(*memory) : std::set<std::string>();
  if (spared.empty()) co_return false;
  // WAIT asks every replica how far it is; the second INFO shows what each has answered.
  Bytes commands;
  resp::append_command(commands, {"INFO", "replication"});
  resp::append_command(commands, {"PING"});
  resp::append_command(commands, {"WAIT", "1000", "200"});
  resp::append_command(commands, {"INFO", "replication"});
  const auto replies = co_await (*connection)->ask(std::move(commands), 4);
  if (!replies) co_return false;
  for (const resp::Reply& reply : *replies)
    if (reply.error()) co_return false;
  co_return all_but_have_it(spared, replies->at(0).text, replies->at(3).text);
}

}  // namespace keyshift::driver

// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
// The sweep of a proxy that follows the control record.
#include "control/gates.hpp"
#include "driver/sweep_task.hpp"
#include "migration/reserved_name.hpp"
#include "resp/encode.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;

/// The epoch key, read behind the name on the same connection: whoever turns the fleet later finds that name.
asio::awaitable<Result<void>> SweepTask::still_under_change() {
  Bytes commands;
  resp::append_command(commands, {"SELECT", "0"});
  resp::append_command(commands, {"GET", migration::epoch_key_name()});
  resp::append_command(commands, {"SELECT", std::to_string(options_.rules->database())});
  const auto replies = co_await connection_->ask(std::move(commands), 3);
  if (!replies) co_return replies.error();
  const resp::Reply& key = replies->at(1);
  if (key.textual() && control::read_change_id(key.text) == options_.change->id) co_return Result<void>();
  connection_->close();
  if (key.error()) co_return fail(ErrorCode::store, "the epoch key cannot be read: " + key.text);
  co_return fail(ErrorCode::control, "another change of the control record is in force at the server");
}

/// For the gates: a pass from cursor 0 to 0 on one way up of the server found nothing, and every replica has that.
void SweepTask::note_clean_pass() {
  if (!options_.change) return;
  control::GateResult result;
  result.era = options_.change->era;
  result.spec = options_.spec;
  result.server = info_.identity.run_id + "/" + info_.identity.master_replid;
  result.at = std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
  result.by = options_.connection_name;
  result.looked_at = progress_.scanned;
  watch_.note_pass(encode(result));
}

}  // namespace keyshift::driver

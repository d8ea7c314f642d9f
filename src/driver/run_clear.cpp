// g++ 12 misreads Asio's coroutine frames when it inlines them here; nothing of ours is meant.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
#include "driver/run_clear.hpp"

#include <algorithm>

#include "driver/run_facts.hpp"
#include "migration/reserved_name.hpp"

namespace keyshift::driver {
namespace asio = boost::asio;
namespace {

template <class Fits>
bool named(const control::ControlRecord& record, Fits fits) {
  return std::any_of(record.cur.runs.begin(), record.cur.runs.end(), fits) ||
         std::any_of(record.next.runs.begin(), record.next.runs.end(), fits);
}

Commands removal(const control::RunEntry& run, bool spec) {
  std::vector<Bytes> remove{"DEL", migration::run_notes_name(run.id), migration::checkpoint_name(run.id),
                            migration::sweeper_name(run.id)};
  if (spec) remove.push_back(migration::spec_name(run.spec));
  return {{"MULTI"}, std::move(remove), {"EXEC"}};
}

}  // namespace

asio::awaitable<Result<void>> clear_run(FleetStore& store, control::RunEntry run) {
  // Who adds a run with the same spec meanwhile has changed the record, or writes the spec once more behind that.
  Commands watch{{"WATCH", migration::control_record_name()}, {"HGETALL", migration::control_record_name()}};
  const auto watched = co_await ask_all(store, std::move(watch));
  if (!watched) co_return watched.error();
  std::vector<BytesView> fields;
  for (const resp::Reply& field : watched->back().elements) fields.emplace_back(field.text);
  const auto record = control::read_record(fields);
  const bool gone = record && *record && !named(**record, [&](const auto& other) { return other.id == run.id; });
  Commands commands{{"UNWATCH"}};
  if (gone) commands = removal(run, !named(**record, [&](const auto& other) { return other.spec == run.spec; }));
  const auto replies = co_await ask_all(store, std::move(commands));
  if (!replies) co_return replies.error();
  if (replies->back().error())
    co_return fail(ErrorCode::store,
                   "what lay beside the run " + run.name + " could not be taken away: " + Bytes(replies->back().text));
  co_return Result<void>();
}

}  // namespace keyshift::driver

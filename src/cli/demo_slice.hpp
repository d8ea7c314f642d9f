#pragma once
#include <map>
#include <ostream>
#include <random>

#include "cli/demo_latency.hpp"
#include "cli/demo_records.hpp"
#include "cli/demo_redis.hpp"

namespace keyshift::cli::demo {

/// What one load process has done, in memory that it shares with the demo; it alone writes here.
struct LoadCounts {
  std::atomic<std::uint64_t> reads, writes;
  std::atomic<std::uint64_t> errors;  ///< error replies but those of StepEnd
  std::atomic<std::uint64_t> wrong;   ///< answers that are not what the records say
  SharedLatency through, direct;
  char problem[256];  ///< the first error or wrong answer, for people; ends with NUL
};

/// How a step ended. Unless it was answered nobody knows whether the server has carried it out, or still will.
enum class StepEnd : std::uint8_t {
  answered,
  unsure,  ///< the reply says that nobody knows: -KSUPSTREAM
  cut,     ///< the connection broke
  late,    ///< no reply within the client's limit
};

/// The records that one client owns, and its memory of them: each step sends one thing that an app could send (one
/// command, or a transaction), and holds every answer against what was written before. Nobody else touches the records,
/// so there is exactly one right answer. A record whose last write has no known outcome is left alone from then on.
class Slice {
 public:
  /// Owns the ids from `first` to before `end`. Everything referred to outlives it.
  Slice(const Dataset& data, std::uint64_t first, std::uint64_t end, LoadCounts& counts, SharedLatency& latency)
      : data_(data), first_(first), end_(end), counts_(counts), latency_(latency) {}

  /// `redis` is not usable any more after `cut` and `late`.
  StepEnd step(Redis& redis, std::mt19937_64& random);

  /// What must be at the server now: one line a record (expected_line), a second one for the other state of a record
  /// that may be in two, and the count of records.
  void write_expected(std::ostream& out, Names names) const;

 private:
  std::uint64_t pick(std::uint64_t drawn) const;
  Record& record(std::uint64_t id);
  void user(std::uint64_t id, Record& record, unsigned dice);
  void session(std::uint64_t id, Record& record, unsigned dice);
  void cart(std::uint64_t id, Record& record, unsigned dice);
  void absent(std::uint64_t id, Record& record, unsigned dice);
  void read_user(std::uint64_t id, const Record& record);
  void transaction(std::uint64_t id, Record& record);
  void read_sessions(std::uint64_t id);
  void expire(std::uint64_t id, Record& record, std::int64_t seconds);
  void remaining_time(std::uint64_t id, const Record& record);
  void remove(std::uint64_t id, Record& record);

  [[nodiscard]] std::string name(std::uint64_t id) const { return old_name(data_, id); }
  Reply read(const Redis::Command& command) { return ask(command, counts_.reads); }
  Reply write(const Redis::Command& command) { return ask(command, counts_.writes); }
  Reply ask(const Redis::Command& command, std::atomic<std::uint64_t>& count);
  /// Counts an answer that is not `right`, errors apart.
  void judge(const Redis::Command& command, const Reply& reply, bool right);
  void note(const Redis::Command& command, const std::string& what);

  const Dataset& data_;
  std::uint64_t first_, end_;
  LoadCounts& counts_;
  SharedLatency& latency_;
  std::map<std::uint64_t, Record> touched_;  ///< all others are as they were filled in
  std::map<std::uint64_t, Record> before_;   ///< of a write without known outcome: the state without it
  std::uint64_t serial_ = 0;                 ///< makes every value that is written another one
  Redis* redis_ = nullptr;                   ///< of the step that is under way
  StepEnd ended_ = StepEnd::answered;        ///< of that one, too
};

}  // namespace keyshift::cli::demo

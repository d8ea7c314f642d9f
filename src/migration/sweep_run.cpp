#include "migration/sweep_run.hpp"

namespace keyshift::migration {

SweepRun::Pass SweepRun::begin(const ServerLife& life, const std::optional<Checkpoint>& checkpoint) {
  life_ = life;
  const bool ours = checkpoint && checkpoint->run == run_ && checkpoint->rules == rules_ && checkpoint->mode == mode_;
  pass_ = ours ? checkpoint->pass : 1;
  const std::uint64_t cursor = ours && checkpoint->server_run_id == life.run_id ? checkpoint->cursor : 0;
  whole_ = cursor == 0;
  return {pass_, cursor};
}

std::uint64_t SweepRun::reconnected(const ServerLife& life, std::uint64_t cursor) {
  const bool same_process = life.run_id == life_.run_id;
  if (!same_process) cursor = 0;
  // From cursor 0 in the new life it is a whole pass again; in the middle it proves nothing.
  whole_ = cursor == 0;
  life_ = life;
  return cursor;
}

bool SweepRun::ended(const ServerLife& life, bool found_any) { return whole_ && !found_any && life == life_; }

SweepRun::Pass SweepRun::again(const ServerLife& life) {
  life_ = life;
  whole_ = true;
  return {++pass_, 0};
}

}  // namespace keyshift::migration

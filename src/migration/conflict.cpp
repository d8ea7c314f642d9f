#include "migration/conflict.hpp"

#include "migration/reserved_name.hpp"
#include "resp/encode.hpp"

namespace keyshift::migration {
namespace {
constexpr unsigned kAttempts = 10;

Bytes words_of(BytesView error) {
  error.remove_prefix(1);
  return Bytes(error.substr(0, error.find('\r')));
}
}  // namespace

ConflictStep::ConflictStep(Bytes source, Bytes target, Bytes run, Mode mode, transforms::Policy::Conflict policy)
    : source_(std::move(source)),
      target_(std::move(target)),
      run_(std::move(run)),
      source_loses_((policy == transforms::Policy::Conflict::keep_new) == (mode == Mode::to_new)),
      stop_(policy == transforms::Policy::Conflict::stop) {}

std::size_t ConflictStep::next(Bytes& out) {
  taken_ = 0;
  if (outcome_ != Outcome::open) return expected_ = 0;
  if (ending_ != Outcome::open) {
    stage_ = Stage::unwatch;
    resp::append_command(out, {"UNWATCH"});
    return expected_ = 1;
  }
  if (stage_ == Stage::multi) {
    // In front, so that whoever dies behind EXEC leaves no loser that is not listed; a full server may refuse it.
    resp::append_command(out, {"SADD", quarantined_name(run_), quarantine_});
    // Without the rest: behind a MULTI that the server refuses, the RENAMEs would run unguarded.
    resp::append_command(out, {"MULTI"});
    return expected_ = 2;
  }
  return expected_ = stage_ == Stage::exec ? exec(out) : look(out);
}

std::size_t ConflictStep::look(Bytes& out) {
  quarantine_ = quarantine_name(run_, source_loses_ ? source_ : target_, suffix_);
  resp::append_command(out, {"WATCH", source_, target_, quarantine_});
  resp::append_command(out, {"EXISTS", source_});
  resp::append_command(out, {"EXISTS", target_});
  resp::append_command(out, {"EXISTS", quarantine_});
  return 4;
}

std::size_t ConflictStep::exec(Bytes& out) {
  // WATCH has proven that both are there, so no RENAME in here can fail when it runs.
  resp::append_command(out, {"RENAME", source_loses_ ? source_ : target_, quarantine_});
  if (!source_loses_) resp::append_command(out, {"RENAME", source_, target_});
  resp::append_command(out, {"EXEC"});
  return source_loses_ ? 2 : 3;
}

void ConflictStep::take(BytesView reply) {
  const std::size_t at = taken_++;
  const bool last = taken_ == expected_;
  const bool listing = stage_ == Stage::multi && at == 0;
  if (reply[0] == '-' && why_.empty() && !listing) why_ = words_of(reply);
  if (stage_ == Stage::look && at > 0) there_[at - 1] = reply.substr(0, 2) == ":1";
  if (!last) return;
  if (stage_ == Stage::unwatch) {
    outcome_ = ending_;
  } else if (stage_ == Stage::multi) {
    stage_ = Stage::exec;
    if (!why_.empty()) end(Outcome::refused);
  } else if (stage_ == Stage::exec) {
    executed(reply);
  } else {
    looked();
  }
}

void ConflictStep::looked() {
  if (!why_.empty()) return end(Outcome::refused);
  if (!there_[0] || !there_[1]) return end(Outcome::vanished);
  if (stop_) return end(Outcome::left);
  if (there_[2]) {
    ++suffix_;  // an earlier loser of this name; WATCH adds up, so the next look watches all names
    return;
  }
  stage_ = Stage::multi;
}

void ConflictStep::executed(BytesView reply) {
  if (reply[0] == '*' && reply.substr(0, 3) != "*-1") {
    outcome_ = Outcome::settled;
  } else if (reply[0] == '-') {
    outcome_ = Outcome::refused;
  } else if (++attempts_ == kAttempts) {
    outcome_ = Outcome::contended;
  } else {
    stage_ = Stage::look;
  }
}

}  // namespace keyshift::migration

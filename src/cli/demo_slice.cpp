#include "cli/demo_slice.hpp"

#include <cstdio>

namespace keyshift::cli::demo {
namespace {

constexpr std::int64_t expiry_tolerance_ms = 5000;

std::int64_t unix_ms() {
  return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::vector<std::string> pairs_of(const Record& user) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < user.parts.size(); ++i) {
    out.emplace_back(user_field(i));
    out.push_back(user.parts[i]);
  }
  return out;
}

std::string plus_one(const std::string& number) { return std::to_string(std::stoll(number) + 1); }

bool is_array(const Reply& reply, const std::vector<std::string>& wanted) {
  return reply && reply->type == REDIS_REPLY_ARRAY && texts(reply.get()) == wanted;
}

}  // namespace

Record& Slice::record(std::uint64_t id) {
  const auto found = touched_.find(id);
  return found != touched_.end() ? found->second : touched_.emplace(id, first_record(data_, id)).first->second;
}

/// The next one of the slice in whose state there is no doubt.
std::uint64_t Slice::pick(std::uint64_t drawn) const {
  std::uint64_t id = first_ + (drawn >> 8) % (end_ - first_);
  while (before_.contains(id)) id = id + 1 < end_ ? id + 1 : first_;
  return id;
}

StepEnd Slice::step(Redis& redis, std::mt19937_64& random) {
  redis_ = &redis;
  ended_ = StepEnd::answered;
  const std::uint64_t drawn = random();
  const std::uint64_t id = pick(drawn);
  const auto dice = static_cast<unsigned>(drawn % 100);
  Record& mine = record(id);
  const Record before = mine;
  if (!mine.exists)
    absent(id, mine, dice);
  else if (family_of(id) == Family::user)
    user(id, mine, dice);
  else if (family_of(id) == Family::session)
    session(id, mine, dice);
  else
    cart(id, mine, dice);
  // By now `mine` is what the write makes of it.
  if (ended_ != StepEnd::answered && before != mine) before_.emplace(id, before);
  return ended_;
}

void Slice::user(std::uint64_t id, Record& record, unsigned dice) {
  if (dice < 40) return read_user(id, record);
  if (dice < 60) {
    const Redis::Command command{"HINCRBY", name(id), "visits", "1"};
    const Reply reply = write(command);
    record.parts[2] = plus_one(record.parts[2]);
    return judge(command, reply, is_integer(reply.get(), std::stoll(record.parts[2])));
  }
  if (dice < 75) {
    record.parts[0] = "name" + std::to_string(++serial_);
    const Redis::Command command{"HSET", name(id), "name", record.parts[0]};
    const Reply reply = write(command);
    return judge(command, reply, is_integer(reply.get(), 0));
  }
  if (dice < 85) return transaction(id, record);
  if (dice < 90) return expire(id, record, 3600 + dice * 60);
  if (dice < 95) return remaining_time(id, record);
  remove(id, record);
}

void Slice::read_user(std::uint64_t id, const Record& record) {
  const Redis::Command command{"HGETALL", name(id)};
  const Reply reply = read(command);
  judge(command, reply, is_array(reply, pairs_of(record)));
}

/// MULTI, two commands and EXEC in one pipeline.
void Slice::transaction(std::uint64_t id, Record& record) {
  record.parts[2] = plus_one(record.parts[2]);
  const Redis::Command commands[] = {
      {"MULTI"}, {"HINCRBY", name(id), "visits", "1"}, {"HGET", name(id), "plan"}, {"EXEC"}};
  const Time begun = std::chrono::steady_clock::now();
  for (const auto& command : commands) redis_->append(command);
  counts_.writes.fetch_add(1, std::memory_order_relaxed);
  Reply reply(nullptr, &freeReplyObject);
  bool failed = false;
  for (const auto& command : commands) {
    Reply next = redis_->take();
    if (!failed) reply = std::move(next);
    if (failed || !is_error(reply)) continue;
    judge(command, reply, false);
    if (!reply) return;
    failed = true;  // the answers that follow are still this step's
  }
  latency_.count(std::chrono::steady_clock::now() - begun);
  if (failed) return;
  judge(commands[3], reply,
        reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
            is_integer(reply->element[0], std::stoll(record.parts[2])) && is_text(reply->element[1], record.parts[1]));
}

void Slice::session(std::uint64_t id, Record& record, unsigned dice) {
  if (dice < 40) {
    const Redis::Command command{"GET", name(id)};
    const Reply reply = read(command);
    return judge(command, reply, is_text(reply.get(), record.parts[0]));
  }
  if (dice < 50) return read_sessions(id);
  if (dice < 60) return remaining_time(id, record);
  if (dice < 75 && is_counter(id)) {
    const Redis::Command command{"INCR", name(id)};
    const Reply reply = write(command);
    record.parts[0] = plus_one(record.parts[0]);
    return judge(command, reply, is_integer(reply.get(), std::stoll(record.parts[0])));
  }
  if (dice < 90) {
    const std::int64_t lifetime = 3600 + dice * 60;
    record.parts[0] = is_counter(id) ? std::to_string(++serial_) : "s" + std::to_string(++serial_);
    const Redis::Command command{"SET", name(id), record.parts[0], "EX", std::to_string(lifetime)};
    const Reply reply = write(command);
    record.expires_at = unix_ms() + lifetime * 1000;
    return judge(command, reply, is_text(reply.get(), "OK"));
  }
  if (dice < 95) return expire(id, record, 3600 + dice * 60);
  remove(id, record);
}

/// One command over three records, which may each be at another place of their move.
void Slice::read_sessions(std::uint64_t id) {
  Redis::Command command{"MGET"};
  std::vector<const Record*> wanted;
  for (std::uint64_t other = id; other < end_ && wanted.size() < 3; other += 3) {
    if (before_.contains(other)) continue;
    command.push_back(name(other));
    wanted.push_back(&record(other));
  }
  const Reply reply = read(command);
  bool right = reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == wanted.size();
  for (std::size_t i = 0; right && i < wanted.size(); ++i)
    right = wanted[i]->exists ? is_text(reply->element[i], wanted[i]->parts[0]) : is_nil(reply->element[i]);
  judge(command, reply, right);
}

void Slice::cart(std::uint64_t id, Record& record, unsigned dice) {
  if (dice < 40) {
    const Redis::Command command{"LRANGE", name(id), "0", "-1"};
    const Reply reply = read(command);
    return judge(command, reply, is_array(reply, record.parts));
  }
  if (dice < 65) {
    record.parts.insert(record.parts.begin(), "item" + std::to_string(++serial_));
    const Redis::Command command{"LPUSH", name(id), record.parts.front()};
    const Reply reply = write(command);
    return judge(command, reply, is_integer(reply.get(), static_cast<std::int64_t>(record.parts.size())));
  }
  if (dice < 90) {
    const Redis::Command command{"RPOP", name(id)};
    const Reply reply = write(command);
    judge(command, reply, is_text(reply.get(), record.parts.back()));
    record.parts.pop_back();
    if (record.parts.empty()) record = {false, 0, {}};
    return;
  }
  if (dice < 95) return expire(id, record, 3600 + dice * 60);
  remove(id, record);
}

/// Half of the steps look whether it is still gone, the others make it again.
void Slice::absent(std::uint64_t id, Record& record, unsigned dice) {
  if (dice < 50) {
    const Redis::Command command{"EXISTS", name(id)};
    const Reply reply = read(command);
    return judge(command, reply, is_integer(reply.get(), 0));
  }
  record = first_record(data_, id);
  const Redis::Command command = create_command(name(id), id, record);
  const Reply reply = write(command);
  judge(command, reply,
        family_of(id) == Family::session ? is_text(reply.get(), "OK")
                                         : is_integer(reply.get(), static_cast<std::int64_t>(record.parts.size())));
}

void Slice::expire(std::uint64_t id, Record& record, std::int64_t seconds) {
  const Redis::Command command{"EXPIRE", name(id), std::to_string(seconds)};
  const Reply reply = write(command);
  record.expires_at = unix_ms() + seconds * 1000;
  judge(command, reply, is_integer(reply.get(), 1));
}

void Slice::remaining_time(std::uint64_t id, const Record& record) {
  const Redis::Command command{"PTTL", name(id)};
  const Reply reply = read(command);
  if (record.expires_at == 0) return judge(command, reply, is_integer(reply.get(), -1));
  const std::int64_t left = record.expires_at - unix_ms();
  judge(command, reply,
        reply && reply->type == REDIS_REPLY_INTEGER && std::llabs(reply->integer - left) <= expiry_tolerance_ms);
}

void Slice::remove(std::uint64_t id, Record& record) {
  const Redis::Command command{"DEL", name(id)};
  const Reply reply = write(command);
  record = {false, 0, {}};
  judge(command, reply, is_integer(reply.get(), 1));
}

Reply Slice::ask(const Redis::Command& command, std::atomic<std::uint64_t>& count) {
  const Time begun = std::chrono::steady_clock::now();
  Reply reply = redis_->ask(command);
  latency_.count(std::chrono::steady_clock::now() - begun);
  count.fetch_add(1, std::memory_order_relaxed);
  return reply;
}

void Slice::judge(const Redis::Command& command, const Reply& reply, bool right) {
  if (!reply) {
    ended_ = redis_->late() ? StepEnd::late : StepEnd::cut;
  } else if (is_error(reply) && std::string_view(reply->str, reply->len).starts_with("KSUPSTREAM ")) {
    ended_ = StepEnd::unsure;
  } else if (is_error(reply)) {
    note(command, std::string(reply->str, reply->len));
    counts_.errors.fetch_add(1, std::memory_order_relaxed);
  } else if (!right) {
    note(command, "answered something else than what was written before");
    counts_.wrong.fetch_add(1, std::memory_order_relaxed);
  }
}

void Slice::note(const Redis::Command& command, const std::string& what) {
  if (counts_.errors.load() + counts_.wrong.load() > 0) return;
  const std::string key = command.size() > 1 ? " " + command[1] : std::string();
  std::snprintf(counts_.problem, sizeof counts_.problem, "%s%s: %s", command[0].c_str(), key.c_str(), what.c_str());
}

void Slice::write_expected(std::ostream& out, Names names) const {
  for (std::uint64_t id = first_; id < end_; ++id) {
    const auto found = touched_.find(id);
    out << expected_line(data_, id, found != touched_.end() ? found->second : first_record(data_, id), names);
    if (const auto before = before_.find(id); before != before_.end())
      out << "or\t" << expected_line(data_, id, before->second, names);
  }
  out << "end\t" << end_ - first_ << '\n';
}

}  // namespace keyshift::cli::demo

#include "cli/demo_verdict.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "cli/demo_redis.hpp"

namespace keyshift::cli::demo {
namespace {

constexpr std::size_t batch = 200;
constexpr std::int64_t expiry_tolerance_ms = 5000;
constexpr std::size_t most_problems = 10;

std::string_view cut(std::string_view& text, char at) {
  const auto end = std::min(text.find(at), text.size());
  const auto out = text.substr(0, end);
  text.remove_prefix(std::min(text.size(), end + 1));
  return out;
}

bool read_integer(std::string_view text, std::int64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

/// A record with its states: one, or two where the last write has no known outcome.
struct Expected : Expectation {
  std::unique_ptr<const Expectation> or_else;  ///< null: there is no doubt
};

/// All lines of the text; the counts behind each client's lines must be right.
Result<std::vector<Expected>> read_all(std::string_view text) {
  std::vector<Expected> out;
  std::size_t line = 0, begun = 0;
  bool ended = false;
  while (!text.empty()) {
    std::string_view row = cut(text, '\n');
    const std::string where = "line " + std::to_string(++line) + " of the expectations: ";
    ended = row.starts_with("end\t");
    if (ended) {
      std::int64_t count = -1;
      if (!read_integer(row.substr(4), count) || static_cast<std::size_t>(count) != out.size() - begun)
        return fail(ErrorCode::file, where + "the count of records is not that of the lines");
      begun = out.size();
      continue;
    }
    const bool again = row.starts_with("or\t");
    auto read = read_expectation(again ? row.substr(3) : row);
    if (!read) return fail(ErrorCode::file, where + read.error().what);
    if (!again)
      out.push_back({std::move(*read), {}});
    else if (out.size() == begun || out.back().name != read->name || out.back().or_else)
      return fail(ErrorCode::file, where + "it belongs to no record");
    else
      out.back().or_else = std::make_unique<const Expectation>(std::move(*read));
  }
  if (!ended) return fail(ErrorCode::file, "the expectations are cut off");
  return Result<std::vector<Expected>>(boost::system::in_place_value, std::move(out));
}

/// The work on one server.
class Inquiry {
 public:
  Inquiry(Redis redis, std::vector<Expected> expected) : redis_(std::move(redis)), expected_(std::move(expected)) {}

  Result<Verdict> run() {
    for (std::size_t begin = 0; begin < expected_.size(); begin += batch)
      if (!check_batch(begin, std::min(begin + batch, expected_.size()))) return lost();
    std::sort(expected_.begin(), expected_.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    if (!scan()) return lost();
    return std::move(out_);
  }

 private:
  [[nodiscard]] Error lost() const { return fail(ErrorCode::store, "the server does not answer: " + redis_.trouble()); }

  bool check_batch(std::size_t begin, std::size_t end) {
    Redis::Command other_names{"EXISTS"};
    for (std::size_t i = begin; i < end; ++i) {
      const Expected& record = expected_[i];
      ask_for(record.kind == "gone" && record.or_else ? *record.or_else : record);
      if (record.other_name != record.name) other_names.emplace_back(record.other_name);
    }
    if (other_names.size() == 1) other_names.emplace_back("");
    redis_.append(other_names);
    for (std::size_t i = begin; i < end; ++i) {
      const Reply value = redis_.take();
      const Reply expiry = redis_.take();
      if (!value || !expiry) return false;
      expected_[i].or_else ? compare_both(expected_[i], value, expiry) : compare(expected_[i], value, expiry);
    }
    const Reply left = redis_.take();
    if (!left) return false;
    if (!is_integer(left.get(), 0)) {
      out_.under_other += left->type == REDIS_REPLY_INTEGER ? static_cast<std::uint64_t>(left->integer) : 1;
      problem(expected_[begin].name, "or one of the records behind it has its other name, too");
    }
    return true;
  }

  void ask_for(const Expectation& record) {
    const std::string name(record.name);
    if (record.kind == "hash")
      redis_.append({"HGETALL", name});
    else if (record.kind == "list")
      redis_.append({"LRANGE", name, "0", "-1"});
    else if (record.kind == "string")
      redis_.append({"GET", name});
    else
      redis_.append({"EXISTS", name});
    redis_.append({"PEXPIRETIME", name});
  }

  void compare(const Expectation& record, const Reply& value, const Reply& expiry) {
    if (record.kind == "gone") {
      ++out_.deleted;
      if (is_integer(value.get(), 0)) return;
      ++out_.back;
      return problem(record.name, "was deleted and is there");
    }
    ++out_.expected;
    const bool right_value = equal(record, value.get());
    if (is_integer(expiry.get(), -2)) {
      ++out_.missing;
      problem(record.name, "is missing");
    } else if (!right_value) {
      ++out_.wrong_value;
      problem(record.name, "has another value than was written");
    } else if (!same_expiry(record.expires_at, expiry.get())) {
      ++out_.wrong_expiry;
      problem(record.name, "has another expiry than was set");
    } else {
      ++out_.right;
    }
  }

  void compare_both(const Expected& record, const Reply& value, const Reply& expiry) {
    const auto fits = [&](const Expectation& state) {
      if (state.kind == "gone" || is_integer(expiry.get(), -2))
        return state.kind == "gone" && is_integer(expiry.get(), -2);
      return equal(state, value.get()) && same_expiry(state.expires_at, expiry.get());
    };
    ++out_.unsure;
    if (fits(record) || fits(*record.or_else)) return;
    ++out_.neither;
    problem(record.name, "is neither what it was nor what the last write makes of it");
  }

  static bool equal(const Expectation& record, const redisReply* value) {
    if (record.kind == "string") return is_text(value, std::string(record.parts.front()));
    if (value->type != REDIS_REPLY_ARRAY) return false;
    const std::vector<std::string> found = texts(value);
    return std::equal(found.begin(), found.end(), record.parts.begin(), record.parts.end());
  }

  static bool same_expiry(std::int64_t wanted, const redisReply* found) {
    if (wanted == 0) return is_integer(found, -1);
    return found->type == REDIS_REPLY_INTEGER && found->integer > 0 &&
           std::llabs(found->integer - wanted) <= expiry_tolerance_ms;
  }

  /// Looks at every key that the server has: SCAN shows each that is there from its first call to its last.
  bool scan() {
    std::string cursor = "0";
    do {
      const Reply page = redis_.ask({"SCAN", cursor, "COUNT", "1000"});
      if (is_error(page) || page->elements != 2) return false;
      cursor.assign(page->element[0]->str, page->element[0]->len);
      for (const std::string& key : texts(page->element[1])) classify(key);
    } while (cursor != "0");
    return true;
  }

  void classify(const std::string& key) {
    const auto found = std::lower_bound(expected_.begin(), expected_.end(), key,
                                        [](const Expected& a, const std::string& b) { return a.name < b; });
    if (found != expected_.end() && found->name == key) return;
    if (key.starts_with("keyshift:quarantine:")) {
      ++out_.quarantined;
      problem(key, "is the loser of a conflict");
    } else if (key.starts_with("keyshift:")) {
      ++out_.reserved;
    } else {
      ++out_.strangers;
      problem(key, "is expected by nobody");
    }
  }

  void problem(std::string_view name, const char* what) {
    if (out_.problems.size() < most_problems) out_.problems.push_back(printable(name) + " " + what);
  }

  Redis redis_;
  std::vector<Expected> expected_;
  Verdict out_;
};

}  // namespace

Result<Expectation> read_expectation(std::string_view line) {
  Expectation out;
  out.name = cut(line, '\t');
  out.other_name = cut(line, '\t');
  out.kind = cut(line, '\t');
  const bool known = out.kind == "hash" || out.kind == "list" || out.kind == "string" || out.kind == "gone";
  if (out.name.empty() || out.other_name.empty() || !known || !read_integer(cut(line, '\t'), out.expires_at))
    return fail(ErrorCode::file, "not a record");
  while (!line.empty()) out.parts.push_back(cut(line, '\t'));
  if (out.parts.empty() != (out.kind == "gone")) return fail(ErrorCode::file, "not a record");
  return Result<Expectation>(boost::system::in_place_value, std::move(out));
}

bool Verdict::passed() const noexcept {
  return expected > 0 && right == expected && missing + wrong_value + wrong_expiry + back + neither == 0 &&
         under_other + quarantined + strangers == 0;
}

nlohmann::json verdict_document(const Verdict& v) {
  return {{"passed", v.passed()},   {"expected", v.expected},        {"right", v.right},
          {"missing", v.missing},   {"wrong_value", v.wrong_value},  {"wrong_expiry", v.wrong_expiry},
          {"deleted", v.deleted},   {"deleted_but_there", v.back},   {"under_other_name", v.under_other},
          {"unsure", v.unsure},     {"in_neither_state", v.neither}, {"quarantined", v.quarantined},
          {"reserved", v.reserved}, {"unexpected", v.strangers},     {"problems", v.problems}};
}

Result<Verdict> judge(std::string_view text, std::uint16_t port) {
  auto expected = read_all(text);
  if (!expected) return expected.error();
  auto redis = Redis::connect(port);
  if (!redis) return redis.error();
  return Inquiry(std::move(*redis), std::move(*expected)).run();
}

}  // namespace keyshift::cli::demo

#pragma once
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "checker/verdict.hpp"

namespace keyshift::history {

inline Words words(const std::string& line) {
  std::istringstream in(line);
  Words found;
  for (std::string word; in >> word;) found.push_back(word);
  return found;
}

/// A history written by hand; times in ms.
class Builder {
 public:
  Builder& op(std::uint32_t client, std::int64_t begin, std::int64_t end, const std::string& command, Reply reply) {
    add(client, begin, {words(command)}, false).replies = {std::move(reply)};
    history_.back().end = end * 1'000'000;
    return *this;
  }
  Builder& unknown(std::uint32_t client, std::int64_t begin, const std::string& command) {
    add(client, begin, {words(command)}, false);
    return *this;
  }
  Builder& multi(std::uint32_t client, std::int64_t begin, std::int64_t end, const std::vector<std::string>& commands,
                 std::vector<Reply> replies) {
    std::vector<Words> all;
    for (const auto& command : commands) all.push_back(words(command));
    add(client, begin, std::move(all), true).replies = std::move(replies);
    history_.back().end = end * 1'000'000;
    return *this;
  }
  [[nodiscard]] Verdict verdict() const { return verdict_of(history_); }
  [[nodiscard]] bool linearizable() const { return verdict().linearizable(); }

  /// The verdict points into a history that is gone: use its numbers and keys only, or keep `history` yourself.
  static Verdict verdict_of(History history) {
    std::string wrong;
    const auto found = judge(history, {}, wrong);
    if (!found) throw std::runtime_error(wrong);
    return *found;
  }
  History& history() { return history_; }

 private:
  Operation& add(std::uint32_t client, std::int64_t begin, std::vector<Words> commands, bool transaction) {
    Operation operation;
    operation.client = client;
    operation.begin = begin * 1'000'000;
    operation.commands = std::move(commands);
    operation.transaction = transaction;
    operation.line = history_.size() + 1;
    history_.push_back(std::move(operation));
    return history_.back();
  }
  History history_;
};

}  // namespace keyshift::history

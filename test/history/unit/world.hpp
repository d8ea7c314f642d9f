#pragma once
#include <random>
#include <string>
#include <vector>

#include "checker/model.hpp"

namespace keyshift::history {

/// A server made of the model, with a clock that stands where the test puts it, and its faults.
class World {
 public:
  explicit World(std::size_t keys) : state_(keys) {}

  /// Runs one command on keys a, b, c ...; the words must outlive the call.
  Reply run(const Words& words, Instant now) {
    Call call{find_command(words), {}, &words, nullptr};
    const auto keys = keys_of(words);
    for (const auto& key : *keys) call.keys.push_back(static_cast<std::uint32_t>(key[0] - 'a'));
    return execute(state_, call, now);
  }
  State& state() { return state_; }

 private:
  State state_;
};

/// Random commands over `keys` records; each value is written once in a history.
class Commands {
 public:
  Commands(std::uint64_t seed, int keys, bool expiring) : random(seed), keys_(keys), expiring_(expiring) {}

  int number(int below) { return static_cast<int>(random() % static_cast<std::uint64_t>(below)); }

  Words next() {
    const std::string key(1, static_cast<char>('a' + number(keys_)));
    const std::string other(1, static_cast<char>('a' + number(keys_)));
    const std::string value = "v" + std::to_string(++written_);
    const std::string ms = std::to_string(1 + number(60));
    const std::vector<Words> choice = {{"GET", key},
                                       {"GET", key},
                                       {"SET", key, value},
                                       {"SET", key, value, "NX"},
                                       {"SET", key, value, "XX"},
                                       {"SET", key, value, "GET"},
                                       {"GETSET", key, value},
                                       {"GETDEL", key},
                                       {"SETNX", key, value},
                                       {"DEL", key},
                                       {"DEL", key, other},
                                       {"APPEND", key, value},
                                       {"EXISTS", key, other},
                                       {"MGET", key, other},
                                       {"MSET", key, value, other, value + "x"},
                                       {"RENAME", key, other},
                                       {"STRLEN", key},
                                       {"INCR", key},
                                       {"PERSIST", key},
                                       {"PTTL", key},
                                       {"SET", key, value, "PX", ms},
                                       {"PEXPIRE", key, ms}};
    return choice[static_cast<std::size_t>(number(static_cast<int>(choice.size()) - (expiring_ ? 0 : 3)))];
  }

  std::mt19937_64 random;

 private:
  int keys_;
  bool expiring_;
  int written_ = 0;
};

}  // namespace keyshift::history

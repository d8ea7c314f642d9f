#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "model.hpp"

namespace keyshift::history {

/// What a command sees while it runs: the state that it may change, its words, the moment.
struct Context {
  State& state;
  const Call& call;
  const Span& span;

  [[nodiscard]] Value& value(std::size_t key = 0) const { return state[call.keys[key]]; }
  [[nodiscard]] const std::string& word(std::size_t index) const { return (*call.words)[index]; }
  [[nodiscard]] std::size_t words() const { return call.words->size(); }
};

/// When a command leaves everything as it was, so that it may be put anywhere.
enum class NoEffect : std::uint8_t { on_error, always, on_zero, on_null };

/// One row per command.
struct Command {
  std::string_view name;
  std::size_t words;  ///< at least so many, its name included
  int first_key;      ///< position of the first key
  int last_key;       ///< of the last one; negative: from the end
  int key_step;
  NoEffect no_effect;
  Reply (*run)(const Context&);
  bool unordered = false;  ///< its reply is a set
  bool pairs = false;      ///< its reply is fields and values
};

std::span<const Command> string_commands();
std::span<const Command> key_commands();
std::span<const Command> collection_commands();

/// True when the value may be used as `type`: it is one, or absent.
inline bool usable(const Value& value, Value::Type type) { return !value.exists() || value.type == type; }
inline Reply wrong_type() { return error("WRONGTYPE"); }
/// Nothing when `text` is no whole number as Redis reads one.
std::optional<std::int64_t> number_in(std::string_view text);
/// Lets the value expire `milliseconds` after the command.
void expire_in(Value& value, std::int64_t milliseconds, const Span& span);
inline void persist(Value& value) { value.deadline_from = value.deadline_to = never; }
/// True when `word` is `option`, which is in upper case.
bool is(std::string_view word, std::string_view option);

}  // namespace keyshift::history

#pragma once
#include <random>

#include "checker/operation.hpp"
#include "records.hpp"

namespace keyshift::history {

/// A command with its records: `words[key_at[i]]` is the older name of `records[i]`.
struct Request {
  Words words;
  std::vector<std::size_t> key_at;
  std::vector<const Record*> records;
};

/// What a client does next: one command; several as a transaction; or a look under WATCH, whose write follows.
struct Intent {
  enum class Shape : std::uint8_t { plain, transaction, watched } shape = Shape::plain;
  std::vector<Request> requests;
  std::size_t unit = 0;  ///< its number
};

/// Chooses operations: random, from a seed, every written value once in a history.
class Mix {
 public:
  Mix(const Options& options, const std::vector<Unit>& units);

  /// `elapsed_ms` decides which units are hot.
  Intent next(std::uint64_t elapsed_ms);
  /// Operations under way, by unit; kept by the clients.
  std::vector<std::uint32_t> under_way;
  /// The write behind a look under WATCH.
  Request write_behind(const Request& look);
  /// A first value for a unit's records; empty for some, which begin absent.
  std::vector<Request> first_value(const Unit& unit);
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

 private:
  std::size_t choose(std::uint64_t elapsed_ms);
  Intent on(const Unit& unit);
  Intent on_string(const Unit& unit);
  Intent on_counter(const Unit& unit);
  Intent on_hash(const Unit& unit);
  Intent on_list(const Unit& unit);
  Intent on_set(const Unit& unit);
  Intent on_group(const Unit& unit);
  Intent on_expiry(const Unit& unit);
  std::string value();
  std::string milliseconds();

  const Options& options_;
  const std::vector<Unit>& units_;
  std::vector<std::uint32_t> order_;  ///< in which units become hot
  std::mt19937_64 random_;
  std::uint64_t written_ = 0;
};

}  // namespace keyshift::history

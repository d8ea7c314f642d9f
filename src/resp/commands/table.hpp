#pragma once
#include <optional>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "resp/commands/command.hpp"
#include "resp/reply.hpp"

namespace keyshift::commands {

/// The keys of one request, in the order of the arguments. Holds 16 without allocating; clear() keeps its memory.
class KeyList {
 public:
  void clear() noexcept;
  void add(std::uint32_t index, std::uint8_t access);
  [[nodiscard]] std::span<const KeyAt> keys() const noexcept;
  [[nodiscard]] std::size_t size() const noexcept;
  /// True when the command may touch keys beyond those listed (SORT with BY or GET, an unparsable option).
  bool incomplete = false;

 private:
  KeyAt inline_[16];
  std::uint32_t count_ = 0;
  std::vector<KeyAt> more_;
};

/// The command table of one worker: what is known at build time plus what a server taught (modules).
/// Lookups are const, allocate nothing and are safe from any thread once learning is over.
class Table {
 public:
  /// All commands known at build time.
  Table();

  /// The row for `argv`, a subcommand's own row where the command is a container ("CLIENT LIST"); nullptr when unknown.
  /// A container with an unknown or missing subcommand gives the container's row. argv must not be empty.
  [[nodiscard]] const Command* find(std::span<const BytesView> argv) const noexcept;

  /// False when redis-server would answer "wrong number of arguments".
  [[nodiscard]] static bool arity_fits(const Command& command, std::size_t arguments) noexcept;

  /// Finds the keys of `argv` (whole request). False when the request is malformed so that the keys cannot be told
  /// (bad numkeys, missing STREAMS): the server will refuse it, whatever it is sent to.
  bool keys(const Command& command, std::span<const BytesView> argv, KeyList& out) const;

  /// Keys of a request of which only the first `argv.size()` of `arguments` arguments are there; nullopt-like false when
  /// a key may be among the missing ones. For big values that are streamed.
  bool keys_of_prefix(const Command& command, std::span<const BytesView> argv, std::size_t arguments, KeyList& out) const;

  /// Adds the rows of a server's `COMMAND` reply that the table lacks; returns how many.
  Result<std::size_t> learn(const resp::Reply& command_reply);

  [[nodiscard]] std::span<const Command* const> all() const noexcept;
};

}  // namespace keyshift::commands

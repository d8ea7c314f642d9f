#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "migration/mode.hpp"

namespace keyshift::control {

/// Which change of the control record something belongs to. Compared is always the whole: two changes of two halves of
/// a split store may have one epoch, never one word.
struct ChangeId {
  std::uint64_t epoch = 0;  ///< 0: no change at all
  std::uint64_t word = 0;   ///< drawn at random by who made the change
  bool operator==(const ChangeId&) const = default;
  [[nodiscard]] explicit operator bool() const noexcept { return epoch != 0; }
};

/// "<epoch>.<word>", the epoch decimal, the word as 16 hexadecimal digits: in names of connections, in logs, in status.
std::string text(const ChangeId& id);
std::optional<ChangeId> change_id_of(std::string_view text) noexcept;

/// Where a whole migration stands, for people (docs/protocol.md, "Phases").
enum class Phase : std::uint8_t { observe, migrate, cutover, complete, rollback };
std::string_view name(Phase phase) noexcept;
std::optional<Phase> phase_of(std::string_view name) noexcept;
/// What proxies do with records in `phase`.
migration::Mode mode_of(Phase phase) noexcept;

/// What an operator has asked for and nobody has finished yet.
enum class Wanted : std::uint8_t { nothing, start, cutover, rollback, observe, complete, abort, forget };
std::string_view name(Wanted wanted) noexcept;
std::optional<Wanted> wanted_of(std::string_view name) noexcept;

/// One run in the table of runs.
struct RunEntry {
  Bytes id;    ///< drawn at random when it was registered; in every reserved key of the run
  Bytes name;  ///< metadata.name of the migration file
  Bytes spec;  ///< SHA-256 of its spec, hexadecimal: the key spec_name() holds the text
  Phase phase = Phase::observe;
  Wanted wanted = Wanted::nothing;
  ChangeId since;  ///< the change that added it
  bool operator==(const RunEntry&) const = default;
};

/// One change of the control record: a state of the whole fleet. Both halves of the record (`cur`, `next`) are one, and
/// so is the epoch key of every primary, which says what change that server is under.
struct Change {
  ChangeId id;
  ChangeId prev;  ///< of a serve: the hold it comes from, or without one the serve before; of a hold: the serve before
  bool hold = false;    ///< no command on a record is started under it
  bool forced = false;  ///< a hold that only a serve confirmed on every node may end
  std::uint64_t era = 1;
  ChangeId scope;  ///< the change that added the last run
  std::vector<RunEntry> runs;
  bool operator==(const Change&) const = default;
};

inline constexpr std::uint32_t kFormat = 1;

/// Lines of text, `name value`, each ended by a newline; docs/formats.md has them. The first three are
/// `keyshift-change <format>`, `epoch`, `word`, in every format there will ever be.
Bytes encode(const Change& change);

/// Error `control` for bytes that are no change of this format, with what is wrong.
Result<Change> read_change(BytesView bytes);

/// Epoch and word alone, also of a format that this program does not know.
std::optional<ChangeId> read_change_id(BytesView bytes) noexcept;

}  // namespace keyshift::control

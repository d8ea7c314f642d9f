#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "control/change.hpp"
#include "transforms/migration_file.hpp"

namespace keyshift::control {

/// A result that a gate asks for, as it lies in the notes of a run (run_notes_name()): made in one era, under one spec,
/// on one way up of one server; void anywhere else.
struct GateResult {
  std::uint64_t era = 0;
  Bytes spec;
  Bytes server;  ///< run_id and master_replid, joined by '/'
  UnixMillis at{};
  Bytes by;  ///< the process that made it
  std::uint64_t looked_at = 0, wrong = 0;
  bool operator==(const GateResult&) const = default;
};
Bytes encode(const GateResult& result);
std::optional<GateResult> read_gate_result(BytesView text);

/// The fields of a run's notes.
struct RunNotes {
  bool paused = false;
  std::optional<std::uint32_t> rate;
  std::optional<GateResult> pass, verify;
  std::optional<GateResult> rehearsal;  ///< of the way there, before the start
  std::optional<GateResult> way_back;   ///< of the way back, behind a clean pass
};
RunNotes read_notes(const std::map<Bytes, Bytes>& fields);

/// Why a gate is shut: the one list. Each may be named to --force but where the meaning says that it may not.
#define KEYSHIFT_GATE_REASONS(X)                                                                                   \
  X(bypass, "bypass", true, "clients that do not go through a proxy are connected")                                \
  X(backup, "backup", true, "no backup that is proven and young enough")                                           \
  X(backup_running, "backup-running", true, "a backup is being taken, and a hold would stand in its way")          \
  X(not_rehearsed, "not-rehearsed", true, "the records have not been rehearsed in this era on this server")        \
  X(rehearsal_failures, "rehearsal-failures", true, "the rehearsal found records that would not come through")     \
  X(way_back, "way-back", true, "the way back has not been rehearsed in this era on this server, or is not sound") \
  X(no_clean_pass, "no-clean-pass", false, "the sweep has not made a clean pass in this era on this server")       \
  X(not_verified, "not-verified", true, "verification has not passed in this era on this server, or is too old")   \
  X(differences, "differences", true, "verification found differences")                                            \
  X(window, "window", true, "the reverse window is still open")                                                    \
  X(old_view, "old-view", true, "proxies are there whose apps may still use the old names")                        \
  X(unknown, "unknown", true, "what the gate must know could not be asked")

enum class GateReason : std::uint8_t {
#define X(id, label, forceable, meaning) id,
  KEYSHIFT_GATE_REASONS(X)
#undef X
};
std::string_view name(GateReason reason) noexcept;
std::string_view meaning(GateReason reason) noexcept;
bool forceable(GateReason reason) noexcept;
std::optional<GateReason> gate_reason_of(std::string_view name) noexcept;

/// One reason, with what was found.
struct Obstacle {
  GateReason reason;
  std::string detail;
};

/// What a gate looks at. Unset: it could not be asked, which shuts the gate where it matters.
struct GateFacts {
  const RunEntry* run = nullptr;
  std::uint64_t era = 0;
  Bytes server;  ///< as in GateResult
  UnixMillis now{};
  RunNotes notes;
  std::optional<std::vector<std::string>> bypass;  ///< clients that bypass us, for people
  std::optional<std::string> backup_trouble;       ///< empty: proven and young enough
  std::optional<UnixMillis> cut_over_at;
  std::optional<std::vector<std::string>> old_view;  ///< proxies whose apps use old names or do not say, for people
  std::string backup_running;                        ///< who takes a backup of this store now; empty: nobody
  bool turned_back = false;                          ///< of start and rollback, the last that was asked for is rollback
};

/// How long a verification counts, and how long a rehearsal.
inline constexpr std::chrono::minutes kVerifyMaxAge{60};
inline constexpr std::chrono::hours kRehearsalMaxAge{24};

/// Made in the era of `facts`, under the rules of its run, on this way up of its server.
bool holds(const std::optional<GateResult>& result, const GateFacts& facts);

/// Everything that stands against `wanted` from where the run is; empty: the gate is open.
std::vector<Obstacle> obstacles(Wanted wanted, const transforms::MigrationFile& spec, const GateFacts& facts);

}  // namespace keyshift::control

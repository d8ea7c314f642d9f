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
};
RunNotes read_notes(const std::map<Bytes, Bytes>& fields);

/// Why a gate is shut: the one list. Each may be named to --force but where the meaning says that it may not.
#define KEYSHIFT_GATE_REASONS(X)                                                                                 \
  X(bypass, "bypass", true, "clients that do not go through a proxy are connected")                              \
  X(backup, "backup", true, "no backup that is proven and young enough")                                         \
  X(no_clean_pass, "no-clean-pass", false, "the sweep has not made a clean pass in this era on this server")     \
  X(not_verified, "not-verified", true, "verification has not passed in this era on this server, or is too old") \
  X(differences, "differences", true, "verification found differences")                                          \
  X(window, "window", true, "the reverse window is still open")                                                  \
  X(old_view, "old-view", true, "proxies are there whose apps may still use the old names")                      \
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
};

/// How long a verification counts.
inline constexpr std::chrono::minutes kVerifyMaxAge{60};

/// Everything that stands against `wanted` from where the run is; empty: the gate is open.
std::vector<Obstacle> obstacles(Wanted wanted, const transforms::MigrationFile& spec, const GateFacts& facts);

}  // namespace keyshift::control

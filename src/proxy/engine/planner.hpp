#pragma once
#include <span>

#include "base/bytes.hpp"
#include "control/serving.hpp"
#include "proxy/engine/plan.hpp"
#include "resp/commands/table.hpp"

namespace keyshift::proxy {

/// Says whether a record of `rule`, by its stored name in the current mode, is known to be in place. May say no at any
/// time.
class KnownRecords {
 public:
  virtual ~KnownRecords() = default;
  [[nodiscard]] virtual bool known(BytesView stored, const control::ServedRule& rule) const noexcept = 0;
};

/// What a decision depends on besides the command.
struct PlanContext {
  std::span<const control::ServedDatabase> databases;  ///< all that have rules; empty: everything is forwarded
  const control::ServedDatabase* here = nullptr;       ///< the rules of the session's database; null: none hold there
  std::span<const control::ServedRun> runs;            ///< those that `here` counts
  migration::View view = migration::View::old;
  int database = 0;  ///< of the session
  const KnownRecords* known = nullptr;
};

/// True when a conflict (both names exist) is decided for the place that records go to: the move that was refused by it
/// then only has to put aside what stayed behind. Else the record is made one before any command runs.
bool target_wins(migration::Mode mode, transforms::Policy::Conflict policy) noexcept;

/// Decides how `argv` is served: a pure function of its arguments (docs/protocol.md, near renames).
/// `keys` are those that the command table found; `keys_told` is false when the table could not tell them.
/// The plan names no key out of scope. Allocates only for records in scope that have another name or must move.
void plan_command(const PlanContext& context, const commands::Command& command, std::span<const BytesView> argv,
                  const commands::KeyList& keys, bool keys_told, Plan& plan);

/// The plan for a command that no table knows: forwarded when none of its arguments could be a record's name.
void plan_unknown(const PlanContext& context, std::span<const BytesView> argv, Plan& plan);

}  // namespace keyshift::proxy

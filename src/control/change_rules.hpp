#pragma once
#include <optional>

#include "control/change.hpp"

namespace keyshift::control {

/// The rules of docs/protocol.md, "Change" and "Epoch key", as pure functions: which change may follow which.

/// May the epoch key that shows `found` be replaced by `change`? A hold replaces a lower epoch of a not higher era; a
/// serve replaces exactly its `prev`. `found` none: no key; only the first change of a store may be put there.
bool may_replace(const std::optional<Change>& found, const Change& change) noexcept;

/// What a key that shows `found` means to somebody who acts on `cur`.
enum class KeyView : std::uint8_t {
  same,      ///< use the connection
  helpable,  ///< behind: may be brought to `cur` by its rule, perhaps by way of its prev
  ahead,     ///< we are behind (higher epoch, or the same one with another word): learn first
  absent,
};
KeyView view_of_key(const std::optional<ChangeId>& found, const ChangeId& cur) noexcept;

/// A hold above `cur` and `above` (the highest epoch found anywhere), same era unless `era` is higher: then it is
/// forced, as it is when it replaces a forced hold.
Change hold_after(const Change& cur, std::uint64_t above, std::uint64_t era, std::uint64_t word);
/// The serve that ends `hold` in the same era.
Change serve_same_era(const Change& hold, std::uint64_t word);
/// The serve that begins the next era from `hold`.
Change serve_next_era(const Change& hold, std::uint64_t word);
/// A change that begins no era and needs no hold, behind the serve `cur`.
Change change_without_hold(const Change& cur, std::uint64_t word);
/// The first change of a store.
Change first_change(std::uint64_t word);

/// Does `serve` begin another era than the change it comes from? Then it needs its key at every node before it is cur.
bool begins_era(const Change& from, const Change& serve) noexcept;

}  // namespace keyshift::control

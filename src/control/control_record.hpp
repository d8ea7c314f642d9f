#pragma once
#include <optional>
#include <vector>

#include "control/change.hpp"

namespace keyshift::control {

/// The control record: a hash at control_record_name(), in database 0.
struct ControlRecord {
  Change cur;   ///< what proxies act on
  Change next;  ///< equal to cur, or what somebody is on the way to
  bool operator==(const ControlRecord&) const = default;
  [[nodiscard]] bool settled() const noexcept { return cur == next; }
};

/// The reply elements of HGETALL, name and value by turns. None: there is no record. Error `control`: fields that make
/// no sense, or a format that this program does not know.
Result<std::optional<ControlRecord>> read_record(const std::vector<BytesView>& fields);

/// `cur` and `next` as fields of the hash.
inline constexpr BytesView kCurField = "cur";
inline constexpr BytesView kNextField = "next";

}  // namespace keyshift::control

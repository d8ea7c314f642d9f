#pragma once
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/change.hpp"

namespace keyshift::control {

/// The control record: a hash at control_record_name(), in database 0. Two changes, and fields that are no part of any
/// change (whether a sweep is paused, how fast it may go), which the data path never reads.
struct ControlRecord {
  Change cur;                       ///< what proxies act on
  Change next;                      ///< equal to cur, or what somebody is on the way to
  std::map<Bytes, Bytes> settings;  ///< every other field
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

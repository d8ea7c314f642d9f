#include "control/control_record.hpp"

namespace keyshift::control {

Result<std::optional<ControlRecord>> read_record(const std::vector<BytesView>& fields) {
  if (fields.empty()) return std::optional<ControlRecord>();
  ControlRecord out;
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    const bool cur = fields[i] == kCurField;
    if (!cur && fields[i] != kNextField) continue;  // of a later version, which changes nothing that is read here
    auto change = read_change(fields[i + 1]);
    if (!change) return change.error();
    (cur ? out.cur : out.next) = std::move(*change);
  }
  if (!out.cur.id || !out.next.id)
    return fail(ErrorCode::control, std::string("the control record lacks the field ") + (out.cur.id ? "next" : "cur"));
  return std::optional(std::move(out));
}

}  // namespace keyshift::control

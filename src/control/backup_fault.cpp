#include "control/backup_fault.hpp"

#include <algorithm>
#include <array>

namespace keyshift::control {
namespace {

constexpr std::array rows{
#define X(name, code, kind, meaning) BackupFaultRow{BackupFault::name, code, ErrorCode::kind, meaning},
    KEYSHIFT_BACKUP_FAULTS(X)
#undef X
};

const BackupFaultRow& row_of(BackupFault fault) noexcept { return rows[static_cast<std::size_t>(fault)]; }

}  // namespace

std::span<const BackupFaultRow> backup_faults() noexcept { return rows; }

std::string_view code(BackupFault fault) noexcept { return row_of(fault).code; }

Error fail(BackupFault fault, const std::string& what) {
  return keyshift::fail(row_of(fault).kind, std::string(row_of(fault).code) + ": " + what);
}

std::string_view fault_code(const Error& error) noexcept {
  const auto word = std::string_view(error.what).substr(0, error.what.find(':'));
  const auto* found = std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.code == word; });
  return found == rows.end() ? std::string_view() : found->code;
}

}  // namespace keyshift::control

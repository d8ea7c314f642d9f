#pragma once
#include <string>

#include "cli/operator.hpp"

namespace keyshift::cli {

/// Carries `request` and prints how it ended, for people or as JSON. The exit code: done and already 0; refused and
/// called off 3; under way 1.
int report_change(Operator& op, control::ChangeRequest request, const std::string& run, bool json);

/// The same without printing.
Result<control::ChangeOutcome> carried(Operator& op, control::ChangeRequest request);
int print_outcome(const control::ChangeOutcome& outcome, const std::string& run, bool json);

}  // namespace keyshift::cli

#pragma once
#include <set>
#include <string>

#include "cli/operator.hpp"

namespace keyshift::cli {

/// Looks at the gate of `wanted` and takes the step. Error `gate` with every reason when it is shut.
Result<control::ChangeOutcome> take_step(Operator& op, control::Wanted wanted,
                                         const std::set<control::GateReason>& force);

/// What to call the run in what is printed.
std::string run_name(const Operator& op, const control::ChangeOutcome& outcome);

int run_step(const Invocation& invocation, control::Wanted wanted);

}  // namespace keyshift::cli

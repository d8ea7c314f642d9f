#pragma once
#include <set>
#include <string>

#include "cli/operator.hpp"
#include "driver/run_step.hpp"

namespace keyshift::cli {

struct TakenStep {
  std::string run;  ///< its name, which the record may have forgotten
  control::ChangeOutcome outcome;
};

/// Looks at the gate of `wanted` and takes the step. Error `gate` with every reason when it is shut. A run that is to
/// be taken away and is not there is taken away already.
Result<TakenStep> take_step(Operator& op, control::Wanted wanted, const std::set<control::GateReason>& force);

/// The same as a request of the operator's.
driver::StepRequest step_request(const Operator& op, control::Wanted wanted, std::set<control::GateReason> force);

int run_step(const Invocation& invocation, control::Wanted wanted);

}  // namespace keyshift::cli

#pragma once
#include <istream>
#include <optional>
#include <string>

#include "operation.hpp"

namespace keyshift::history {

/// What a file of a recorded history holds. The format is in docs/histories.md.
struct Recorded {
  History operations;       ///< in the order of the file, without those that did not run
  std::size_t refused = 0;  ///< operations of which the reply says that they did not run
};

/// Reads lines of JSON. `wrong` gets the first fault, with its line, when there is none to give.
std::optional<Recorded> read_history(std::istream& in, std::string& wrong);

/// The operation as one line of JSON, without the newline.
std::string to_json(const Operation& operation);

}  // namespace keyshift::history

#include "base/result.hpp"

#include "base/check.hpp"

namespace keyshift {
void throw_exception_from_error(const Error& error, const boost::source_location& where) {
  broken_invariant(error.what.c_str(), where.file_name(), static_cast<int>(where.line()));
}
}  // namespace keyshift

#pragma once
#include <boost/system/result.hpp>

#include "base/errors.hpp"

namespace keyshift {

/// A T, or the Error that says why there is none. Floors 0 to 3 return it and throw nothing:
/// test with `if (!r) return r.error();`, then use `*r`.
template <class T>
using Result = boost::system::result<T, Error>;

/// Called by boost::system::result only when `.value()` is used on an error, which is a defect of ours.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

/// Shorthand: `return fail(ErrorCode::file, "...")`.
inline Error fail(ErrorCode code, std::string what) { return Error{code, std::move(what)}; }

}  // namespace keyshift

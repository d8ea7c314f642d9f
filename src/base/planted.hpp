#pragma once
#include <string_view>

namespace keyshift {

/// Whether this process is to make `mistake`. Tests alone define it, in a program of their own that is built with
/// KEYSHIFT_PLANTED (test/history); the program that people run has no such word in it.
bool planted(std::string_view mistake);

}  // namespace keyshift

#pragma once
#include "proxy/engine/settings.hpp"

namespace keyshift::cli {

/// Which mistake the proxy makes. Tests alone define it, in a program of their own that is built with KEYSHIFT_PLANTED
/// (test/history); the program that people run has no such word in it.
proxy::Naive planted_mistake();

}  // namespace keyshift::cli

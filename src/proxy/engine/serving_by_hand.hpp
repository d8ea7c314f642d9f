#pragma once
#include <memory>

#include "control/serving.hpp"
#include "proxy/engine/settings.hpp"

namespace keyshift::proxy {

/// What is acted on where rules and mode are given by hand: no change of any control record, era 0, for good.
std::shared_ptr<const control::Serving> serving_by_hand(const EngineSettings& settings);

}  // namespace keyshift::proxy

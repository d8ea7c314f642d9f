#pragma once
#include <set>

#include "base/bytes.hpp"
#include "resp/encode.hpp"
#include "resp/request_parser.hpp"
#include "simulation/model/model_redis.hpp"

namespace keyshift::proxy::test {

using simulation::ModelRedis;
using simulation::Value;
using simulation::Words;

}  // namespace keyshift::proxy::test

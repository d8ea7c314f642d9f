#include "driver/sweeper.hpp"

#include <doctest/doctest.h>

using namespace keyshift;
using driver::Sweeper;
using driver::SweeperOptions;

namespace {
std::string refusal(const char* url, migration::Mode mode) {
  SweeperOptions options;
  options.upstream = *store::Url::parse(url);
  options.mode = mode;
  const auto sweeper = Sweeper::start(std::move(options));
  REQUIRE(sweeper.has_error());
  CHECK(sweeper.error().code == ErrorCode::usage);
  return sweeper.error().what;
}
}  // namespace

TEST_CASE("stores that are not served yet are refused by name, before anything is connected") {
  using migration::Mode;
  CHECK(refusal("redis+sentinel://a:1/m", Mode::to_new).find("redis+sentinel://") != std::string::npos);
  CHECK(refusal("redis+cluster://a:1", Mode::to_new).find("redis+cluster://") != std::string::npos);
  CHECK(refusal("rediss://a:1", Mode::to_new).find("rediss://") != std::string::npos);
}

TEST_CASE("modes that move nothing are refused with the two that do") {
  for (const auto mode : {migration::Mode::old, migration::Mode::at_new})
    CHECK(refusal("redis://a:1", mode).find("to-new and to-old") != std::string::npos);
}

TEST_CASE("every reason to wait has a label of its own and says what it means") {
  for (std::size_t i = 0; i < migration::kWaitReasons; ++i) {
    const auto reason = static_cast<migration::WaitReason>(i);
    CHECK(!meaning(reason).empty());
    for (std::size_t j = 0; j < i; ++j) CHECK(name(reason) != name(static_cast<migration::WaitReason>(j)));
  }
}

#include "driver/store_gate.hpp"

#include <doctest/doctest.h>

using namespace keyshift;

namespace {
bool same(const char* a, const char* b) { return driver::same_address(*store::Url::parse(a), *store::Url::parse(b)); }
}  // namespace

TEST_CASE(
    "two URLs lead to the same place when kind, address and path are the same, whoever comes and to which database") {
  CHECK(same("redis://h:1/0", "redis://app:secret@h:1/3"));
  CHECK(same("unix:///run/r.sock", "unix:///run/r.sock?db=2"));
  CHECK_FALSE(same("redis://h:1", "redis://h:2"));
  CHECK_FALSE(same("redis://h:1", "redis://g:1"));
  CHECK_FALSE(same("redis://h:1", "unix:///h"));
  CHECK_FALSE(same("unix:///a", "unix:///b"));
  CHECK_FALSE(same("redis+sentinel://h:1/one", "redis+sentinel://h:1/two"));
}

#include "proxy/engine/ensured_set.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <set>

namespace keyshift::proxy {
namespace {

constexpr Key128 kSecret{0x1234, 0x5678};
constexpr std::size_t kMany = 4 * 1024 * 1024;

Bytes key(std::size_t i) { return "user:" + std::to_string(i); }

TEST_CASE("an ensured set that nobody has used owns no memory, and knows nothing") {
  const EnsuredSet set(kMany, kSecret);
  CHECK(set.bytes() == 0);
  CHECK_FALSE(set.contains("user:1"));
}

TEST_CASE("what was inserted is known, what was not is never reported, however full the set is") {
  EnsuredSet set(64 * 1024, kSecret);
  for (std::size_t i = 0; i < 100'000; ++i) {
    set.insert(key(i));
    REQUIRE(set.contains(key(i)));
  }
  for (std::size_t i = 100'000; i < 200'000; ++i) REQUIRE_FALSE(set.contains(key(i)));
}

TEST_CASE("nearly all of what is inserted stays known while the set may still grow") {
  EnsuredSet set(kMany, kSecret);
  for (std::size_t i = 0; i < 100'000; ++i) set.insert(key(i));
  std::size_t known = 0;
  for (std::size_t i = 0; i < 100'000; ++i) known += set.contains(key(i)) ? 1U : 0U;
  CHECK(known > 90'000);
  CHECK(known <= 100'000);
}

TEST_CASE("the set keeps to its memory and fills it: 16 bytes a record") {
  EnsuredSet set(kMany, kSecret);
  for (std::size_t i = 0; i < 1'500'000; ++i) set.insert(key(i));
  CHECK(set.bytes() <= kMany);
  CHECK(set.size() <= kMany / 16);
  CHECK(set.size() > kMany / 16 * 95 / 100);
}

TEST_CASE("memory follows what is inserted") {
  EnsuredSet set(kMany, kSecret);
  for (std::size_t i = 0; i < 1000; ++i) set.insert(key(i));
  CHECK(set.bytes() <= 64 * 1024);
}

TEST_CASE("inserting a record again takes no second place") {
  EnsuredSet set(kMany, kSecret);
  for (int i = 0; i < 100; ++i) set.insert("user:1");
  CHECK(set.size() == 1);
}

TEST_CASE("another era, server or generation knows nothing of the former one, and the former one is not disturbed") {
  EnsuredSet set(kMany, kSecret);
  const EnsuredUnder before{7, 1, 1};
  set.insert("user:1", before);
  for (const EnsuredUnder after : {EnsuredUnder{8, 1, 1}, EnsuredUnder{7, 2, 1}, EnsuredUnder{7, 1, 2}})
    CHECK_FALSE(set.contains("user:1", after));
  CHECK(set.contains("user:1", before));
}

TEST_CASE("forgetting leaves nothing known, at any size, and the set can be used again without more memory") {
  EnsuredSet set(kMany, kSecret);
  for (std::size_t i = 0; i < 50'000; ++i) set.insert(key(i));
  const std::size_t bytes = set.bytes();
  set.forget_all();
  CHECK(set.size() == 0);
  for (std::size_t i = 0; i < 50'000; ++i) set.insert(key(i + 1'000'000));
  CHECK(set.bytes() < bytes + bytes / 10);
  for (std::size_t i = 0; i < 50'000; ++i) REQUIRE_FALSE(set.contains(key(i)));
}

TEST_CASE("a set without room remembers nothing") {
  EnsuredSet set(1024, kSecret);
  set.insert("user:1");
  CHECK_FALSE(set.contains("user:1"));
  CHECK(set.bytes() == 0);
}

TEST_CASE("whatever is done to it, a set never knows more than a set of strings would") {
  CHECK(rc::check([](const std::vector<std::pair<std::uint8_t, std::uint8_t>>& steps) {
    EnsuredSet set(4096 + 64 * 7, kSecret);
    std::set<std::pair<std::uint8_t, std::uint8_t>> model;
    for (const auto& [era, name] : steps) {
      if (name == 0) {
        set.forget_all();
        model.clear();
        continue;
      }
      set.insert(key(name), {era, 0, 0});
      model.insert({era, name});
      RC_ASSERT(set.contains(key(name), {era, 0, 0}));
    }
    for (std::uint8_t era = 0; era < 8; ++era)
      for (std::uint8_t name = 1; name < 32; ++name)
        RC_ASSERT(!set.contains(key(name), {era, 0, 0}) || model.contains({era, name}));
  }));
}

}  // namespace
}  // namespace keyshift::proxy

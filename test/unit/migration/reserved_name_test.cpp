#include "migration/reserved_name.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <set>

using namespace keyshift;
using namespace keyshift::migration;

TEST_CASE("slots are those of Redis Cluster") {
  CHECK(hash_slot("123456789") == 12739);
  CHECK(hash_slot("foo") == 12182);
  CHECK(hash_slot("{foo}bar") == hash_slot("foo"));
  CHECK(hash_slot("{}foo") == hash_slot(BytesView("{}foo")));
  CHECK(hash_slot("a{b}{c}") == hash_slot("b"));
  CHECK(hash_slot("") == 0);
}

TEST_CASE("every slot has a tag of its own in it, of at most four bytes") {
  std::set<Bytes> tags;
  for (unsigned slot = 0; slot < 16384; ++slot) {
    const Bytes tag = slot_tag(static_cast<std::uint16_t>(slot));
    REQUIRE(hash_slot(tag) == slot);
    REQUIRE(tag.size() <= 4);
    tags.insert(tag);
  }
  CHECK(tags.size() == 16384);
}

TEST_CASE("a quarantine key lies in the slot of its record, whatever bytes that has") {
  CHECK(quarantine_name("run-1", "user:1") ==
        "keyshift:quarantine:{" + slot_tag(hash_slot("user:1")) + "}:run-1:user:1");
  CHECK(rc::check([](const std::string& key, unsigned attempt) {
    const Bytes name = quarantine_name("r", key, attempt);
    RC_ASSERT(hash_slot(name) == hash_slot(key));
    RC_ASSERT(name.substr(0, 9) == "keyshift:");
    RC_ASSERT(name.substr(name.size() - key.size()) == key);
  }));
}

TEST_CASE("attempts give other names") {
  CHECK(quarantine_name("r", "k", 1) != quarantine_name("r", "k"));
  CHECK(quarantine_name("r", "k", 1) != quarantine_name("r", "k", 2));
}

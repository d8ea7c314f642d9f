#include "driver/sha256.hpp"

#include <doctest/doctest.h>

using keyshift::driver::Sha256;

TEST_CASE("SHA-256 gives the digests of FIPS 180, in any pieces") {
  Sha256 digest;
  CHECK(digest.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  digest.add("a");
  digest.add("");
  digest.add("bc");
  CHECK(digest.hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(digest.hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

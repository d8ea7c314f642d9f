#include "migration/scan_page.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <vector>

#include "resp/encode.hpp"

using namespace keyshift;
using migration::ScanPage;

namespace {
Bytes page_of(std::uint64_t cursor, const std::vector<std::string>& keys) {
  Bytes out;
  resp::append_array_header(out, 2);
  resp::append_bulk(out, std::to_string(cursor));
  resp::append_array_header(out, keys.size());
  for (const auto& key : keys) resp::append_bulk(out, key);
  return out;
}
}  // namespace

TEST_CASE("a page gives its cursor and all its keys, whatever bytes they have") {
  CHECK(rc::check([](std::uint64_t cursor, const std::vector<std::string>& keys) {
    const Bytes reply = page_of(cursor, keys);
    ScanPage page;
    RC_ASSERT(page.open(reply));
    RC_ASSERT(page.cursor() == cursor);
    RC_ASSERT(page.keys_left() == keys.size());
    for (const auto& key : keys) {
      BytesView read;
      RC_ASSERT(page.next(read));
      RC_ASSERT(read == key);
    }
    BytesView none;
    RC_ASSERT(!page.next(none));
    RC_ASSERT(!page.damaged());
  }));
}

TEST_CASE("what is no page of SCAN is refused") {
  for (const char* reply : {"", "+OK\r\n", "*1\r\n$1\r\n0\r\n", "*2\r\n$1\r\nx\r\n*0\r\n", "*2\r\n:0\r\n*0\r\n",
                            "*-1\r\n", "*2\r\n$1\r\n0\r\n$1\r\n0\r\n", "-ERR no\r\n", "*2\r\n$99\r\n0\r\n*0\r\n"}) {
    CAPTURE(reply);
    ScanPage page;
    CHECK(!page.open(reply));
  }
}

TEST_CASE("damage at any byte is noticed or harmless, and never read past the end") {
  CHECK(rc::check([](std::vector<std::string> keys, std::size_t at, char byte, bool cut) {
    Bytes reply = page_of(17, keys);
    at %= reply.size();
    if (cut) {
      reply.resize(at);
    } else {
      reply[at] = byte;
    }
    const std::vector<char> exact(reply.begin(), reply.end());  // the sanitizer sees a read behind it
    ScanPage page;
    if (!page.open(BytesView(exact.data(), exact.size()))) return;
    for (BytesView key; page.next(key);) RC_ASSERT(key.data() + key.size() <= exact.data() + exact.size());
  }));
}

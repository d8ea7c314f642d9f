#include "proxy/engine/scan_cursor.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace keyshift::proxy {
namespace {

TEST_CASE("a cursor survives its way through the app, below 2^63") {
  CHECK(rc::check([] {
    ScanCursor cursor;
    cursor.pass = *rc::gen::element(ScanCursor::Pass::only, ScanCursor::Pass::first, ScanCursor::Pass::second);
    cursor.node = *rc::gen::inRange<std::uint16_t>(0, kScanNodes);
    cursor.era = *rc::gen::inRange<std::uint8_t>(0, kScanEras);
    cursor.server = *rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << 47);
    const auto number = encode_cursor(cursor);
    RC_ASSERT(number.has_value());
    RC_ASSERT(number.value() < std::uint64_t{1} << 63);
    const auto back = decode_cursor(std::to_string(number.value()));
    RC_ASSERT(back.has_value() && back.value() == cursor);
  }));
}

TEST_CASE("the start is 0, and no other place is") {
  CHECK(encode_cursor({}).value() == 0);
  CHECK(decode_cursor("0").value().at_start());
  CHECK(encode_cursor({ScanCursor::Pass::second, 0, 0, 0}).value() != 0);
  CHECK(encode_cursor({ScanCursor::Pass::only, 1, 0, 0}).value() != 0);
}

TEST_CASE("a server's cursor that does not fit is an error, never another cursor") {
  CHECK(encode_cursor({ScanCursor::Pass::only, 0, 0, (std::uint64_t{1} << 47) - 1}).has_value());
  CHECK(encode_cursor({ScanCursor::Pass::only, 0, 0, std::uint64_t{1} << 47}).has_error());
  CHECK(encode_cursor({ScanCursor::Pass::only, kScanNodes, 0, 1}).has_error());
}

TEST_CASE("what Redis takes for a cursor is taken, the rest is refused in its words") {
  CHECK(decode_cursor("").value().at_start());
  CHECK(decode_cursor("007").value().server == 7);
  CHECK(decode_cursor("+7").value().server == 7);
  for (const BytesView text :
       {"x", "1x", " 1", "1 ", "+", "-1", "9223372036854775808", "99999999999999999999999", "6917529027641081856"}) {
    CAPTURE(text);
    const auto cursor = decode_cursor(text);
    REQUIRE(cursor.has_error());
    CHECK(to_reply(cursor.error()) == "-ERR invalid cursor\r\n");
  }
}

TEST_CASE("a server's cursor is read whole, up to 64 bits") {
  CHECK(read_server_cursor("18446744073709551615").value() == 18446744073709551615U);
  for (const BytesView text : {"", "-1", "1x", "18446744073709551616"}) CHECK(read_server_cursor(text).has_error());
}

}  // namespace
}  // namespace keyshift::proxy

#include "proxy/engine/client_lines.hpp"

#include <doctest/doctest.h>

namespace keyshift::proxy {
namespace {

Bytes rewritten(BytesView text) {
  static const ClientFace face{"shop-1", "redis-py", "5.0"};
  return with_app_names(text, [](std::uint64_t id) { return id == 7 ? &face : nullptr; });
}

TEST_CASE("the lines of sessions bear the names that their apps have given") {
  CHECK(rewritten("id=7 addr=127.0.0.1:1 name=keyshift:p:3.ab age=0 lib-name=keyshift lib-ver=\n") ==
        "id=7 addr=127.0.0.1:1 name=shop-1 age=0 lib-name=redis-py lib-ver=5.0\n");
}

TEST_CASE("lines of others stay as they are, and fields that the server lacks are not invented") {
  const BytesView others = "id=77 name=x lib-name=y\nid=6 name=\nname=z id=7\n\nid=7x name=y\n";
  CHECK(rewritten(others) == others);
  CHECK(rewritten("id=7 name= db=0\n") == "id=7 name=shop-1 db=0\n");
}

TEST_CASE("only a field of just that name is replaced") {
  CHECK(rewritten("id=7 username=u rename=1 name=a") == "id=7 username=u rename=1 name=shop-1");
}

TEST_CASE("line ends stay, with or without a last one") {
  CHECK(rewritten("id=7 name=a\r\nid=8 name=b\r\n") == "id=7 name=shop-1\r\nid=8 name=b\r\n");
  CHECK(rewritten("") == "");
  CHECK(rewritten("\n\n") == "\n\n");
}

TEST_CASE("an app that has no name is shown without the proxy's") {
  static const ClientFace nobody{};
  CHECK(with_app_names("id=1 name=keyshift:p:free=1 db=0", [](std::uint64_t) { return &nobody; }) == "id=1 name= db=0");
}

}  // namespace
}  // namespace keyshift::proxy

#include "proxy/admin/page.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace keyshift::proxy;
using nlohmann::json;

TEST_CASE("the page says everything without script and loads nothing from elsewhere") {
  const std::string page = status_page(
      {{"mode", "to-new"}, {"sweep", {{"moved", 12345}}}, {"rules", {{{"name", "profile"}, {"swept", 77}}}}});
  CHECK(page.find(">to-new<") != std::string::npos);
  CHECK(page.find(">12345<") != std::string::npos);
  CHECK(page.find(">profile<") != std::string::npos);
  CHECK(page.find("data-p=\"/rules/0/swept\">77<") != std::string::npos);
  CHECK(page.find("http:") == std::string::npos);
  CHECK(page.find("https:") == std::string::npos);
  CHECK(page.find("src=") == std::string::npos);
}

TEST_CASE("a text of the status cannot become markup") {
  const std::string page = status_page({{"upstream", "<script>alert('x')</script>\"&"}});
  CHECK(page.find("<script>alert") == std::string::npos);
  CHECK(page.find("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;") != std::string::npos);
}

TEST_CASE("a document of another shape shows dashes") {
  for (const json& odd : {json(nullptr), json::array({1, 2}), json("text"), json{{"sweep", nullptr}, {"rules", 5}},
                          json{{"rules", json::array({1})}}, json{{"commands", "none"}}})
    CHECK(status_page(odd).ends_with("</html>\n"));
}

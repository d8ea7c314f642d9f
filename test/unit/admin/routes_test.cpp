#include "proxy/admin/routes.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <nlohmann/json.hpp>

using namespace keyshift;
using namespace keyshift::proxy;

namespace {

struct FakeSource final : AdminSource {
  bool is_ready = true;
  int drains = 0;
  std::optional<Severity> level;

  bool ready() const override { return is_ready; }
  nlohmann::json status() const override { return {{"mode", "to-new"}, {"name", "\xff<b>"}}; }
  std::string metrics() const override { return "keyshift_build_info 1\n"; }
  Result<nlohmann::json> explain(std::string_view command) const override {
    if (command == "bad") return fail(ErrorCode::usage, "no command line");
    return Result<nlohmann::json>(boost::system::in_place_value, nlohmann::json{{"asked", command}});
  }
  nlohmann::json config() const override { return {{"mode", "old"}}; }
  void set_log_level(Severity least) override { level = least; }
  void drain() override { ++drains; }
};

AdminRequest get(std::string_view target) { return {"GET", target, "localhost:9180", {}, {}}; }
AdminRequest post(std::string_view target, std::string_view authorization, std::string_view body = {}) {
  return {"POST", target, "127.0.0.1:9180", authorization, body};
}

}  // namespace

TEST_CASE("the health port has what probes and Prometheus need, and nothing else") {
  FakeSource source;
  for (const AdminRoute& route : admin_routes()) {
    CAPTURE(route.path);
    const unsigned status =
        answer(source, AdminPort::health, "secret", {route.method, route.path, "pod.local", {}, {}}).status;
    CHECK(status == (route.on_health_port ? 200 : 404));
  }
  CHECK(source.drains == 0);
}

TEST_CASE("readiness follows the source, liveness does not") {
  FakeSource source;
  source.is_ready = false;
  CHECK(answer(source, AdminPort::health, "", get("/readyz")).status == 503);
  CHECK(answer(source, AdminPort::health, "", get("/healthz")).status == 200);
}

TEST_CASE("what changes state wants the token, and without one nothing may") {
  FakeSource source;
  CHECK(answer(source, AdminPort::admin, "secret", post("/drain", "")).status == 401);
  CHECK(answer(source, AdminPort::admin, "secret", post("/drain", "Bearer secreT")).status == 401);
  CHECK(answer(source, AdminPort::admin, "secret", post("/drain", "Bearer secret2")).status == 401);
  CHECK(answer(source, AdminPort::admin, "secret", post("/drain", "Bearer ")).status == 401);
  CHECK(answer(source, AdminPort::admin, "", post("/drain", "Bearer ")).status == 403);
  CHECK(source.drains == 0);
  CHECK(answer(source, AdminPort::admin, "secret", post("/drain", "Bearer secret")).status == 202);
  CHECK(source.drains == 1);
}

TEST_CASE("the log level takes the four levels and nothing else") {
  FakeSource source;
  CHECK(answer(source, AdminPort::admin, "t", post("/log-level", "Bearer t", "debug\n")).status == 200);
  CHECK(source.level == Severity::debug);
  CHECK(answer(source, AdminPort::admin, "t", post("/log-level", "Bearer t", "loud")).status == 400);
  CHECK(source.level == Severity::debug);
}

TEST_CASE("a wrong method is told which one is right; HEAD is as good as GET") {
  FakeSource source;
  const AdminResponse wrong = answer(source, AdminPort::admin, "t", {"DELETE", "/status", "", {}, {}});
  CHECK(wrong.status == 405);
  CHECK(wrong.allow == "GET, HEAD");
  CHECK(answer(source, AdminPort::admin, "t", {"GET", "/drain", "", {}, {}}).allow == "POST");
  CHECK(answer(source, AdminPort::admin, "t", {"HEAD", "/status", "", {}, {}}).status == 200);
  CHECK(source.drains == 0);
}

TEST_CASE("a web page cannot reach the admin port under a name of its own") {
  FakeSource source;
  for (const char* host : {"evil.example", "evil.example:9180", "localhost.evil.example", "[evil]:9180"})
    CHECK(answer(source, AdminPort::admin, "", {"GET", "/status", host, {}, {}}).status == 421);
  for (const char* host : {"", "localhost", "LOCALHOST:1", "127.0.0.1:9180", "[::1]:9180", "[::1]", "10.0.0.1"}) {
    CAPTURE(host);
    CHECK(answer(source, AdminPort::admin, "", {"GET", "/status", host, {}, {}}).status == 200);
  }
}

TEST_CASE("explain decodes its command and passes the refusal on") {
  FakeSource source;
  const AdminResponse ok = answer(source, AdminPort::admin, "", get("/explain?x=1&command=GET+user%3A1%"));
  CHECK(nlohmann::json::parse(ok.body)["asked"] == "GET user:1%");
  CHECK(answer(source, AdminPort::admin, "", get("/explain?command=bad")).status == 400);
  CHECK(answer(source, AdminPort::admin, "", get("/explain")).status == 400);
}

TEST_CASE("bytes that are no UTF-8 do not break a document") {
  FakeSource source;
  CHECK(nlohmann::json::accept(answer(source, AdminPort::admin, "", get("/status")).body));
}

TEST_CASE("whatever a peer sends, there is an answer, and nothing happens without the token") {
  rc::check([](const std::string& method, const std::string& target, const std::string& host, const std::string& auth) {
    FakeSource source;
    for (const std::string& path : {target, "/" + target, "/explain?" + target, "/drain?" + target}) {
      const unsigned status = answer(source, AdminPort::admin, "token", {method, path, host, auth, target}).status;
      RC_ASSERT(status >= 200u && status < 600u);
    }
    RC_ASSERT(source.drains == 0);
  });
}

#include "cli/startup.hpp"

#include <doctest/doctest.h>

#include "cli/store_check.hpp"
#include "unit/cli/rules_for_tests.hpp"

using namespace keyshift;
using namespace keyshift::cli;

namespace {
Startup with(const Layer& layer) {
  Startup out;
  out.settings = *Settings::merge({layer});
  out.upstream = *store::Url::parse("redis://app:hush@h:7000/3");
  return out;
}
}  // namespace

TEST_CASE("a view is old, new, or an end of the migration by schema and version") {
  const auto file = test::two_rules();
  CHECK(*view_of({"old"}, &file) == migration::View::old);
  CHECK(*view_of({"shop=2.0.0"}, &file) == migration::View::at_new);
  CHECK(*view_of({"shop=1.4.0"}, &file) == migration::View::old);
  CHECK(*view_of({"new"}, nullptr) == migration::View::at_new);
  const auto wrong = view_of({"shop=3.0.0"}, &file);
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().what.find("shop=1.4.0") != std::string::npos);
  CHECK_FALSE(view_of({"shop=2.0.0"}, nullptr).has_value());
}

TEST_CASE("the name of a process never breaks the names of its connections") {
  CHECK(connection_word("pod-1.ns:x y") == "pod-1-ns-x-y");
  CHECK(connection_word("") == "proxy");
  CHECK(connection_word(std::string(500, 'a')).size() == 64);
}

TEST_CASE("each setting of the table reaches the proxy") {
  const auto one = [](const char* value) { return Setting{{value}, Origin::command_line, ""}; };
  Startup startup = with({{"listen", one("unix:/tmp/s")},
                          {"threads", one("3")},
                          {"max-clients", one("11")},
                          {"drain-timeout", one("12s")},
                          {"ensured-max", one("1MiB")},
                          {"client-output-limit", one("2MiB")},
                          {"client-output-high", one("8KiB")},
                          {"request-max", one("128KiB")},
                          {"pipeline-max", one("13")},
                          {"request-timeout", one("14s")},
                          {"connect-timeout", one("15s")},
                          {"idle-timeout", one("16s")},
                          {"allow-dangerous", one("true")}});
  startup.mode = migration::Mode::to_new;
  startup.view = migration::View::at_new;
  startup.name = "me";
  startup.run = "run";
  const proxy::ProxyOptions options = proxy_options(startup);
  CHECK(options.listen == std::vector<std::string>{"unix:/tmp/s"});
  CHECK(options.threads == 3);
  CHECK(options.max_clients == 11);
  CHECK(options.drain_timeout == seconds(12));
  CHECK(options.engine.ensured_bytes == 1 << 20);
  CHECK(options.engine.client_out_limit == 2 << 20);
  CHECK(options.engine.client_out_high == 8192);
  CHECK(options.engine.request_limit == 128 << 10);
  CHECK(options.engine.pipeline_limit == 13);
  CHECK(options.engine.request_timeout == seconds(14));
  CHECK(options.engine.connect_timeout == seconds(15));
  CHECK(options.engine.idle_timeout == seconds(16));
  CHECK(options.engine.allow_dangerous);
  CHECK(options.engine.mode == migration::Mode::to_new);
  CHECK(options.engine.view == migration::View::at_new);
  CHECK(options.engine.proxy_name == "me");
  CHECK(options.engine.run == "run");
  CHECK(options.engine.upstream_user == "app");
  CHECK(options.engine.upstream_password == "hush");
  CHECK(options.engine.upstream_database == 3);
}

TEST_CASE("defaults of the table are the defaults of the proxy") {
  const proxy::ProxyOptions ours = proxy_options(with({})), theirs;
  CHECK(ours.listen == theirs.listen);
  CHECK(ours.threads == theirs.threads);
  CHECK(ours.max_clients == theirs.max_clients);
  CHECK(ours.drain_timeout == theirs.drain_timeout);
  CHECK(ours.engine.ensured_bytes == theirs.engine.ensured_bytes);
  CHECK(ours.engine.client_out_limit == theirs.engine.client_out_limit);
  CHECK(ours.engine.client_out_high == theirs.engine.client_out_high);
  CHECK(ours.engine.request_limit == theirs.engine.request_limit);
  CHECK(ours.engine.pipeline_limit == theirs.engine.pipeline_limit);
  CHECK(ours.engine.request_timeout == theirs.engine.request_timeout);
  CHECK(ours.engine.connect_timeout == theirs.engine.connect_timeout);
  CHECK(ours.engine.idle_timeout == theirs.engine.idle_timeout);
  CHECK(ours.engine.allow_dangerous == theirs.engine.allow_dangerous);
}

TEST_CASE("the store is asked about what was given by hand, and about its source only where that has another address") {
  CHECK_FALSE(gate_of(with({})).has_value());
  CHECK(gate_of(with({{"mode", Setting{{"old"}, Origin::environment, ""}}})).has_value());
  Startup startup = with({});
  startup.migration = test::two_rules();
  startup.source = *store::Url::parse("redis://h:7000/0");
  REQUIRE(gate_of(startup).has_value());
  CHECK_FALSE(gate_of(startup)->source.has_value());
  startup.source = *store::Url::parse("redis://elsewhere:7000/0");
  CHECK(gate_of(startup)->source.has_value());
}

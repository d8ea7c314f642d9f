#include "store/url.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

using keyshift::store::Address;
using keyshift::store::read_secret_url;
using keyshift::store::Url;

TEST_CASE("a plain URL has the standard port and database 0") {
  const auto url = Url::parse("redis://cache");
  REQUIRE(url.has_value());
  CHECK(url->kind == Url::Kind::tcp);
  CHECK(url->addresses == std::vector{Address{"cache", 6379}});
  CHECK(url->database == 0);
  CHECK(!url->tls);
  CHECK(!url->carries_password());
  CHECK(url->printed() == "redis://cache:6379/0");
}

TEST_CASE("user, password, port and database are read, and the password is not printed") {
  const auto url = Url::parse("redis://app:p%40ss%2F@10.0.0.1:7000/3");
  REQUIRE(url.has_value());
  CHECK(url->user == "app");
  CHECK(url->password == "p@ss/");
  CHECK(url->database == 3);
  CHECK(url->printed() == "redis://app:***@10.0.0.1:7000/3");
}

TEST_CASE("a password alone belongs to the default user, and may hold @ and :") {
  const auto url = Url::parse("redis://:a:b@c@h");
  REQUIRE(url.has_value());
  CHECK(url->user.empty());
  CHECK(url->password == "a:b@c");
  CHECK(url->addresses[0].host == "h");
}

TEST_CASE("an IPv6 address goes in brackets, with or without a port") {
  CHECK(Url::parse("redis://[::1]:6380/1")->addresses[0] == Address{"::1", 6380});
  CHECK(Url::parse("redis://[fe80::1%25eth0]").has_error());
  CHECK(Url::parse("redis://[::1]")->printed() == "redis://[::1]:6379/0");
  CHECK(Url::parse("redis://::1").has_error());
  CHECK(Url::parse("redis://[::1").has_error());
  CHECK(Url::parse("redis://[::1]6380").has_error());
}

TEST_CASE("TLS settings are read for rediss alone") {
  const auto url = Url::parse("rediss://h/0?ca=/etc/ca.pem&cert=/c%26.pem&key=/k.pem&sni=redis.example");
  REQUIRE(url.has_value());
  REQUIRE(url->tls);
  CHECK(url->tls->ca == "/etc/ca.pem");
  CHECK(url->tls->cert == "/c&.pem");
  CHECK(url->tls->sni == "redis.example");
  CHECK(Url::parse("redis://h/0?ca=/etc/ca.pem").has_error());
  CHECK(Url::parse("rediss://h?cert=/c.pem").has_error());
}

TEST_CASE("a unix socket has a path and takes its database from the query") {
  const auto url = Url::parse("unix:///run/redis%20a.sock?db=4");
  REQUIRE(url.has_value());
  CHECK(url->kind == Url::Kind::unix_socket);
  CHECK(url->path == "/run/redis a.sock");
  CHECK(url->database == 4);
  CHECK(Url::parse("unix://app:secret@/r.sock")->printed() == "unix://app:***@/r.sock");
  CHECK(Url::parse("unix://run/redis.sock").has_error());
}

TEST_CASE("Sentinel and Cluster URLs name several hosts") {
  const auto sentinel = Url::parse("redis+sentinel://u:p@a:1,b/mymaster/2");
  REQUIRE(sentinel.has_value());
  CHECK(sentinel->addresses == std::vector{Address{"a", 1}, Address{"b", 26379}});
  CHECK(sentinel->master_name == "mymaster");
  CHECK(sentinel->database == 2);
  const auto cluster = Url::parse("redis+cluster://a:1,[::2]:3");
  REQUIRE(cluster.has_value());
  CHECK(cluster->addresses == std::vector{Address{"a", 1}, Address{"::2", 3}});
  CHECK(Url::parse("redis+cluster://a/1").has_error());
  CHECK(Url::parse("redis+sentinel://a").has_error());
  CHECK(Url::parse("redis://a,b").has_error());
}

TEST_CASE("what is wrong is said without quoting any of it") {
  for (const char* text :
       {"redis://:s3cret@h:x", "redis://s3cret@h", "redis://:s3cret/x@h", "redis://:s3cret%zz@h", "s3cret",
        "redis://u:s3cret@h/s3cret", "redis://u:p?s3cret=1@h", "redis://u:s3cret#x@h", "redis://:@:s3cret",
        "redis://u:s3cret@", "redis://h:0", "redis://h:65536", "redis://h/-1", "rediss://h?s3cret=1"}) {
    const auto url = Url::parse(text);
    CAPTURE(text);
    REQUIRE(!url.has_value());
    CHECK(url.error().what.find("s3cret") == std::string::npos);
    CHECK(url.error().code == keyshift::ErrorCode::usage);
  }
}

TEST_CASE("no text makes the reader fail otherwise than by an error, and what it takes prints no password") {
  CHECK(rc::check([](const std::string& text, const std::string& password) {
    (void)Url::parse(text);
    std::string encoded;
    for (const char c : password) {
      char hex[4];
      std::snprintf(hex, sizeof hex, "%%%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
      encoded += hex;
    }
    const auto url = Url::parse("redis://u:" + encoded + "@h/1");
    RC_ASSERT(url.has_value());
    RC_ASSERT(url->password == password);
    RC_ASSERT(url->printed() == (password.empty() ? "redis://u:@h:6379/1" : "redis://u:***@h:6379/1"));
  }));
}

TEST_CASE("a secret URL comes from the first line of a file") {
  const std::string file =
      (std::filesystem::temp_directory_path() / ("keyshift-url-" + std::to_string(getpid()))).string();
  std::ofstream(file) << "  redis://:pw@h:1/2 \r\nmore\n";
  const auto url = read_secret_url(file);
  REQUIRE(url.has_value());
  CHECK(url->password == "pw");
  std::ofstream(file) << "redis://pw@h\n";
  const auto wrong = read_secret_url(file);
  REQUIRE(!wrong.has_value());
  CHECK(wrong.error().what.find("pw") == std::string::npos);
  CHECK(wrong.error().what.find(file) != std::string::npos);
  std::ofstream(file) << "";
  CHECK(!read_secret_url(file).has_value());
  std::remove(file.c_str());
  CHECK(read_secret_url(file).error().code == keyshift::ErrorCode::system);
}

#include "store/handshake.hpp"

#include <vector>

#include "resp/encode.hpp"

namespace keyshift::store {
namespace {

/// The first word of an error reply: the rest may echo arguments, a password among them.
std::string first_word(const resp::Reply& reply) { return reply.text.substr(0, reply.text.find(' ')); }

Error refused_login(const resp::Reply& reply) {
  if (reply.error_is("WRONGPASS") || reply.text.find("invalid password") != Bytes::npos)
    return fail(ErrorCode::store, "the server does not take this user and password");
  if (reply.error_is("NOAUTH"))
    return fail(ErrorCode::store, "the server wants a password (put the URL with user and password into a file)");
  return fail(ErrorCode::store, "the server refused the login (" + first_word(reply) + ")");
}

bool lacks_hello(const resp::Reply& reply) {
  return reply.text.find("unknown command") != Bytes::npos || reply.error_is("NOPERM");
}

}  // namespace

std::size_t Handshake::next(Bytes& out) {
  if (stage_ == Stage::hello) return hello(out), 1;
  if (stage_ == Stage::legacy) {
    if (const auto sent = legacy(out); sent != 0) return sent;
    stage_ = Stage::place;
  }
  return stage_ == Stage::place ? place(out) : 0;
}

void Handshake::hello(Bytes& out) const {
  std::vector<BytesView> argv{"HELLO", greeting_.protocol == resp::Protocol::resp3 && !no_resp3_ ? "3" : "2"};
  if (!greeting_.password.empty()) {
    argv.insert(argv.end(), {"AUTH", greeting_.user.empty() ? BytesView("default") : BytesView(greeting_.user),
                             greeting_.password});
  }
  if (!greeting_.name.empty()) argv.insert(argv.end(), {"SETNAME", greeting_.name});
  resp::append_command(out, argv);
}

std::size_t Handshake::legacy(Bytes& out) const {
  std::size_t sent = 0;
  if (!greeting_.password.empty()) {
    std::vector<BytesView> argv{"AUTH"};
    if (!greeting_.user.empty()) argv.push_back(greeting_.user);
    argv.push_back(greeting_.password);
    resp::append_command(out, argv);
    ++sent;
  }
  if (!greeting_.name.empty()) {
    resp::append_command(out, {"CLIENT", "SETNAME", greeting_.name});
    ++sent;
  }
  return sent;
}

std::size_t Handshake::place(Bytes& out) const {
  resp::append_command(out, {"ROLE"});
  if (greeting_.database == 0) return 1;
  resp::append_command(out, {"SELECT", std::to_string(greeting_.database)});
  return 2;
}

Result<void> Handshake::take(std::span<const resp::Reply> replies) {
  if (stage_ == Stage::hello) return take_hello(replies[0]);
  if (stage_ == Stage::legacy) return take_legacy(replies);
  return take_place(replies);
}

Result<void> Handshake::take_hello(const resp::Reply& reply) {
  if (!reply.error()) {
    if (!reply.aggregate()) return fail(ErrorCode::store, "HELLO got an answer that is not Redis'");
    protocol_ = reply.type == '%' ? resp::Protocol::resp3 : resp::Protocol::resp2;
    stage_ = Stage::place;
    return {};
  }
  if (reply.error_is("NOPROTO") && greeting_.protocol == resp::Protocol::resp3 && !no_resp3_) {
    no_resp3_ = true;
    return {};
  }
  if (!lacks_hello(reply)) return refused_login(reply);
  stage_ = Stage::legacy;
  return {};
}

Result<void> Handshake::take_legacy(std::span<const resp::Reply> replies) {
  std::size_t at = 0;
  if (!greeting_.password.empty() && replies[at++].error()) return refused_login(replies[0]);
  if (!greeting_.name.empty() && replies[at].error())
    return fail(ErrorCode::store, "the server refused the name of the connection: " + replies[at].text);
  stage_ = Stage::place;
  return {};
}

Result<void> Handshake::take_place(std::span<const resp::Reply> replies) {
  const resp::Reply& role = replies[0];
  if (role.error_is("NOAUTH")) return refused_login(role);
  if (!role.error() && role.aggregate() && !role.elements.empty()) {
    const Bytes& word = role.elements[0].text;
    role_ = word == "master"     ? Role::primary
            : word == "slave"    ? Role::replica
            : word == "sentinel" ? Role::sentinel
                                 : Role::unknown;
  }
  if (replies.size() > 1 && replies[1].error())
    return fail(ErrorCode::store,
                "the server refused database " + std::to_string(greeting_.database) + ": " + replies[1].text);
  stage_ = Stage::done;
  return {};
}

}  // namespace keyshift::store

#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "resp/reply.hpp"

namespace keyshift::store {

/// Who a connection wants to be.
struct Greeting {
  std::string user;      ///< empty: the default user
  std::string password;  ///< empty: no authentication
  std::string name;      ///< connection name; empty: none. No spaces or newlines (a rule of Redis)
  int database = 0;
  resp::Protocol protocol = resp::Protocol::resp2;
};

/// What ROLE says; `unknown` where the user may not ask.
enum class Role : std::uint8_t { unknown, primary, replica, sentinel };

/// The first words on a connection, without I/O: HELLO with AUTH and SETNAME in one (so that a name needs no right to
/// CLIENT), or AUTH and CLIENT SETNAME on servers that lack HELLO; then SELECT and ROLE.
///
/// Call next() and send what it gives, pass the replies to take(), until next() gives no command. An error from take()
/// ends the connection; its text never holds what the server echoed of a password.
class Handshake {
 public:
  explicit Handshake(Greeting greeting) : greeting_(std::move(greeting)) {}

  /// Appends the next commands to `out` and returns how many replies they get; 0: done.
  std::size_t next(Bytes& out);
  Result<void> take(std::span<const resp::Reply> replies);

  [[nodiscard]] resp::Protocol protocol() const noexcept { return protocol_; }
  [[nodiscard]] Role role() const noexcept { return role_; }

 private:
  enum class Stage : std::uint8_t { hello, legacy, place, done };
  void hello(Bytes& out) const;
  std::size_t legacy(Bytes& out) const;
  std::size_t place(Bytes& out) const;
  Result<void> take_hello(const resp::Reply& reply);
  Result<void> take_legacy(std::span<const resp::Reply> replies);
  Result<void> take_place(std::span<const resp::Reply> replies);

  Greeting greeting_;
  Stage stage_ = Stage::hello;
  resp::Protocol protocol_ = resp::Protocol::resp2;
  Role role_ = Role::unknown;
  bool no_resp3_ = false;
};

}  // namespace keyshift::store

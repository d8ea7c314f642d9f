#pragma once
#include <boost/asio/generic/stream_protocol.hpp>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "store/url.hpp"

namespace keyshift::proxy {

/// A socket that is bound and listening, and the address it got ("127.0.0.1:6379", "unix:/path").
struct Listening {
  int descriptor = -1;
  std::string address;
};

/// Binds ADDR:PORT, [ADDR6]:PORT, PORT (on 127.0.0.1) or unix:/path. With `share` several workers may bind the same TCP
/// address (SO_REUSEPORT). A unix path left behind by a dead process is replaced; one that still answers is not.
Result<Listening> listen_at(const std::string& where, bool share);

/// The endpoint of a URL whose host is numeric or a unix path; nullopt when a name must be resolved.
std::optional<boost::asio::generic::stream_protocol::endpoint> numeric_endpoint(const store::Url& url);

}  // namespace keyshift::proxy

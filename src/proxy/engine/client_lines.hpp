#pragma once
#include <cstdint>
#include <functional>

#include "base/bytes.hpp"

namespace keyshift::proxy {

/// What an app has told about itself by CLIENT SETNAME and SETINFO, which the proxy answers without the server.
/// Views live as long as the session does; the function that gives them says until when.
struct ClientFace {
  BytesView name, library_name, library_version;
};

/// Whose session the upstream connection `id` serves alone; nullptr when it is none of ours or serves several. The
/// answer must stay valid until the call of with_app_names() that asked for it is over.
using FaceOfClient = std::function<const ClientFace*(std::uint64_t id)>;

/// The text of CLIENT LIST or CLIENT INFO (lines "id=7 addr=... name=... lib-name=...") with name=, lib-name= and
/// lib-ver= replaced in the lines of connections that `face_of` knows. Only fields that the server wrote are replaced
/// (7.0 has no lib-*); every other line and field stays byte for byte, and none is hidden. A line without a readable id
/// is left as it is.
Bytes with_app_names(BytesView text, const FaceOfClient& face_of);

}  // namespace keyshift::proxy

#pragma once
#include <span>
#include <utility>

#include "proxy/engine/app_names.hpp"
#include "resp/commands/command.hpp"
#include "resp/reply.hpp"

namespace keyshift::proxy {

/// Puts the app's names in place of the stored ones in `reply`, where commands::ReplyNames says that they are. Nulls,
/// errors, and parts of another shape than `kind` has are left alone: nothing a server sends is taken for granted.
/// Names are mapped, never hidden (scan_merge.hpp hides). Both forms of XREAD's reply are known: arrays of RESP2, and
/// the map of RESP3. An attribute in front of the reply is stepped over.
void map_names(commands::ReplyNames kind, const AppNames& names, resp::Reply& reply);

/// A stored name and what the app calls it.
using NamePair = std::pair<Bytes, Bytes>;

/// `error`, a RESP error of Redis, with the app's names in place of the stored ones. Redis puts key names between
/// single quotes, CR and LF turned into spaces: "-NOGROUP No such key 'k' or consumer group 'g' ...". Names behind "key
/// " or "key name " are replaced; an error that has none there is searched for any quoted one, so that a group which
/// bears a key's name keeps it. What was put in is not looked at again.
Bytes error_with_app_names(BytesView error, std::span<const NamePair> pairs);

}  // namespace keyshift::proxy

#pragma once
#include <optional>
#include <span>
#include <vector>

#include "control/serving.hpp"
#include "migration/mode.hpp"
#include "proxy/engine/app_names.hpp"
#include "resp/reply.hpp"

namespace keyshift::proxy {

/// Client-side caching over records that change their names (docs/protocol.md, section 6). An invalidation too many
/// costs a read; one too few is a wrong answer. So nothing is ever filtered: a move of ours invalidates as well.

/// True for the push `>2 invalidate <keys or null>` of RESP3 and for the message of RESP2's redirection,
/// `*3 message __redis__:invalidate <keys or null>`.
bool is_invalidation(const resp::Reply& reply) noexcept;

/// Puts the app's names in place of the stored ones; both names of a record become the one that the app reads it by,
/// and a name that comes twice stays twice. Null ("everything") stays null. `reply` is an invalidation; else it is left
/// alone. Redis does not say of which database a name is: where rules hold in several, it is mapped by each.
void map_invalidation(std::span<const control::ServedDatabase> databases, migration::View view, resp::Reply& reply);

/// What to register with CLIENT TRACKING ... BCAST upstream, so that both names of every record whose app's name begins
/// with one of `prefixes` are covered: the prefixes themselves, and the literal beginnings of the other side's patterns
/// of the rules that could be concerned; none of them begins with another, since Redis refuses that. No prefix at all,
/// and nullopt in the answer, mean everything: it cannot be narrowed. More than what the app asked for may then be
/// invalidated. The app's own prefixes must not overlap: that is for the caller to find with overlapping().
std::optional<std::vector<Bytes>> bcast_prefixes(std::span<const control::ServedDatabase> databases,
                                                 migration::View view, std::span<const BytesView> prefixes);

/// True when one of `prefixes` begins with another, equal ones included: Redis answers that with an error.
bool overlapping(std::span<const BytesView> prefixes) noexcept;

}  // namespace keyshift::proxy

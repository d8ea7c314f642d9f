#pragma once
#include <optional>
#include <span>

#include "base/result.hpp"
#include "control/serving.hpp"
#include "migration/mode.hpp"
#include "proxy/engine/scan_cursor.hpp"
#include "resp/reply.hpp"

namespace keyshift::proxy {

/// SCAN over a store in which records change their names meanwhile (docs/protocol.md, section 6), near, one server.
///
/// While records move, one SCAN of the server may see a record's old name too late and its new name too early. So the
/// app's scan takes two passes over the whole server: the first reports the side that records leave (and what no rule
/// concerns), the second the side that they go to. A record that is there throughout either keeps its leaving name
/// during all of pass one, or has its other name before pass two begins. Where nothing moves one pass is enough.
/// Each run has its own direction, and records of one that does not move are shown in pass two.
///
/// Promised: what is there from the first call to the last is reported at least once, under the app's name; what is
/// reported was there at some moment; reserved keys and names on the wrong side of a settled mode (strays) never show.
/// Duplicates are possible, as in Redis. After a flip the first pass begins anew. Not promised: anything when the app
/// changes MATCH or TYPE between the calls of one scan, or sleeps through 16 flips.
struct ScanContext {
  const control::ServedDatabase& here;
  migration::View view = migration::View::old;
  std::uint64_t era = 0;
};

/// One call of SCAN: what goes to the server, and how its answer is to be read. A value; it outlives the request.
struct ScanStep {
  Bytes request;             ///< the upstream command, whole
  ScanCursor at;             ///< where this call reads; its era is the present one
  bool unscoped = false;     ///< keys out of every rule's scope are shown
  bool leaving = false;      ///< records are shown on the side that they leave, else where they go to
  bool second_pass = false;  ///< the end of this pass is followed by another
  bool filter = false;       ///< `match` is applied here, on the app's names
  Bytes match;
  migration::View view = migration::View::old;
};

/// The step for the app's `argv`: SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]. COUNT, TYPE and whatever is
/// not understood go to the server as they are, which then answers as it would; MATCH only where no rule's key could
/// fit it. Error `protocol` "invalid cursor". `argv` has at least two elements.
Result<ScanStep> plan_scan(const ScanContext& context, std::span<const BytesView> argv);

/// The app's reply, from the server's. An error of the server stays as it is. Error `upstream` when `reply` is no page
/// of SCAN, or its cursor does not fit.
Result<resp::Reply> merge_scan(const control::ServedDatabase& here, const ScanStep& step, resp::Reply reply);

}  // namespace keyshift::proxy

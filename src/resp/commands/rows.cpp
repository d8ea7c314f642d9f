#include "resp/commands/rows.hpp"

#include <array>

#include "resp/commands/row_notation.hpp"

namespace keyshift::commands {
namespace {

using notation::row;

constexpr notation::Row kRows[] = {
// clang-format off
#include "resp/commands/rows_strings.inc"
#include "resp/commands/rows_bitmaps.inc"
#include "resp/commands/rows_hashes.inc"
#include "resp/commands/rows_lists.inc"
#include "resp/commands/rows_sets.inc"
#include "resp/commands/rows_sorted_sets.inc"
#include "resp/commands/rows_streams.inc"
#include "resp/commands/rows_geo.inc"
#include "resp/commands/rows_vector_sets.inc"
#include "resp/commands/rows_hyperloglog.inc"
#include "resp/commands/rows_generic.inc"
#include "resp/commands/rows_scripting.inc"
#include "resp/commands/rows_transactions.inc"
#include "resp/commands/rows_pubsub.inc"
#include "resp/commands/rows_connection.inc"
#include "resp/commands/rows_server.inc"
#include "resp/commands/rows_cluster.inc"
    // clang-format on
};

constexpr auto numbered() {
  std::array<Command, std::size(kRows)> all{};
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = kRows[i];
    all[i].id = static_cast<std::uint16_t>(i);
  }
  return all;
}

constexpr auto kCommands = numbered();

}  // namespace

std::span<const Command> known_commands() noexcept { return kCommands; }

}  // namespace keyshift::commands

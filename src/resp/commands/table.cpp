#include "resp/commands/table.hpp"

#include "resp/commands/rows.hpp"

namespace keyshift::commands {

Table::Table() {
  const auto known = known_commands();
  all_.reserve(known.size() + 64);
  // Containers first: a subcommand is entered under its container's number.
  for (const Command& c : known) {
    all_.push_back(&c);
    container_.push_back(false);
    if (!c.subcommand()) index_.add(c.name, 0, c.id);
  }
  for (const Command& c : known)
    if (c.subcommand()) enter(c);
}

void Table::enter(const Command& command) {
  const auto space = command.name.find(' ');
  const std::uint16_t container = index_.find(command.name.substr(0, space), 0);
  if (container == NameIndex::missing) return;
  container_[container] = true;
  index_.add(command.name.substr(space + 1), static_cast<std::uint16_t>(container + 1), command.id);
}

const Command* Table::find(std::span<const BytesView> argv) const noexcept {
  const std::uint16_t at = index_.find(argv[0], 0);
  if (at == NameIndex::missing) return nullptr;
  if (container_[at] && argv.size() > 1) {
    const std::uint16_t sub = index_.find(argv[1], static_cast<std::uint16_t>(at + 1));
    if (sub != NameIndex::missing) return all_[sub];
  }
  return all_[at];
}

}  // namespace keyshift::commands

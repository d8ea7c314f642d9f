// Rows from a server's COMMAND reply: https://redis.io/docs/latest/commands/command/
#include <algorithm>

#include "resp/commands/row_notation.hpp"
#include "resp/commands/table.hpp"

namespace keyshift::commands {
namespace {

using resp::Reply;

/// The value behind `name` in a map, or in an array of names and values as RESP2 has it; nullptr when there is none.
const Reply* member(const Reply& map, BytesView name) noexcept {
  for (std::size_t i = 0; i + 1 < map.elements.size(); i += 2)
    if (map.elements[i].text == name) return &map.elements[i + 1];
  return nullptr;
}

std::int16_t small_member(const Reply* map, BytesView name, std::int16_t otherwise) noexcept {
  const Reply* const found = map ? member(*map, name) : nullptr;
  if (!found || found->type != ':') return otherwise;
  return static_cast<std::int16_t>(std::clamp<std::int64_t>(found->integer, INT16_MIN, INT16_MAX));
}

std::uint32_t flags_of(const Reply& words) noexcept {
  std::uint32_t all = 0;
  for (const Reply& word : words.elements)
    for (const notation::FlagName& f : notation::flag_names)
      if (f.bit < kMayDelete && word.text == f.name) all |= f.bit;
  return all;
}

struct SpecWord {
  BytesView word;
  unsigned bit;
};
constexpr SpecWord kSpecWords[] = {
    {"RO", kRO},
    {"RW", kRW},
    {"OW", kOW},
    {"RM", kRM},
    {"access", kAccess},
    {"update", kUpdate},
    {"insert", kInsert},
    {"delete", kDelete},
    {"not_key", kNotKey},
    {"incomplete", kIncomplete},
    {"variable_flags", kVariable},
};

std::uint16_t spec_flags(const Reply* words) noexcept {
  unsigned all = 0;
  if (words)
    for (const Reply& word : words->elements)
      for (const SpecWord& w : kSpecWords)
        if (word.text == w.word) all |= w.bit;
  return static_cast<std::uint16_t>(all);
}

/// One key spec. `keyword` gets the text that the result's view must point to.
KeySpec key_spec(const Reply& map, Bytes& keyword) {
  KeySpec spec;
  spec.flags = spec_flags(member(map, "flags"));
  const Reply* const begin = member(map, "begin_search");
  const Reply* const find = member(map, "find_keys");
  if (!begin || !find) return spec;
  const Reply* const begin_type = member(*begin, "type");
  const Reply* const find_type = member(*find, "type");
  const Reply* const where = member(*begin, "spec");
  const Reply* const what = member(*find, "spec");
  if (!begin_type || !find_type) return spec;
  if (begin_type->text == "index") {
    spec.begin = KeySpec::Begin::index;
    spec.start = small_member(where, "index", 1);
  } else if (begin_type->text == "keyword") {
    spec.begin = KeySpec::Begin::keyword;
    spec.start = small_member(where, "startfrom", 1);
    if (const Reply* const word = where ? member(*where, "keyword") : nullptr) keyword = word->text;
  }
  if (find_type->text == "range") {
    spec.find = KeySpec::Find::range;
    spec.last = small_member(what, "lastkey", 0);
    spec.step = small_member(what, "keystep", 1);
    spec.limit = small_member(what, "limit", 0);
  } else if (find_type->text == "keynum") {
    spec.find = KeySpec::Find::keynum;
    spec.keynum = small_member(what, "keynumidx", 0);
    spec.first = small_member(what, "firstkey", 1);
    spec.step = small_member(what, "keystep", 1);
  }
  return spec;
}

/// What the six fields of old servers say.
KeySpec legacy_spec(const Reply& entry, std::uint32_t flags) noexcept {
  KeySpec spec;
  const auto field = [&entry](std::size_t i) { return static_cast<std::int16_t>(entry.elements[i].integer); };
  spec.flags = (flags & kWrite) != 0 ? kRW : kRO;
  spec.begin = KeySpec::Begin::index;
  spec.find = KeySpec::Find::range;
  spec.start = field(3);
  spec.last = static_cast<std::int16_t>(field(4) < 0 ? field(4) : field(4) - field(3));
  spec.step = std::max<std::int16_t>(field(5), 1);
  return spec;
}

bool is_entry(const Reply& entry) noexcept {
  return entry.aggregate() && entry.elements.size() >= 6 && entry.elements[0].textual() &&
         !entry.elements[0].text.empty() && entry.elements[1].type == ':' && entry.elements[2].aggregate() &&
         entry.elements[3].type == ':' && entry.elements[4].type == ':' && entry.elements[5].type == ':';
}

}  // namespace

std::size_t Table::learn_entry(const Reply& entry, const Command* container) {
  if (!is_entry(entry) || all_.size() >= NameIndex::missing - 1u) return 0;
  Bytes name = upper(entry.elements[0].text);
  if (container) std::replace(name.begin(), name.end(), '|', ' ');
  const std::uint16_t under = container ? static_cast<std::uint16_t>(container->id + 1) : std::uint16_t{0};
  const auto space = container ? name.find(' ') : Bytes::npos;
  const BytesView last_word = BytesView(name).substr(space == Bytes::npos ? 0 : space + 1);
  std::size_t added = 0;
  std::uint16_t at = index_.find(last_word, under);
  if (at == NameIndex::missing) {
    Command row;
    row.name = texts_.emplace_back(name);
    row.arity = static_cast<std::int16_t>(entry.elements[1].integer);
    row.flags = flags_of(entry.elements[2]);
    if ((row.flags & kWrite) != 0) row.flags |= kMayDelete;
    if ((row.flags & (kBlocking | kPubsub)) != 0) row.gate = Gate::pinned;
    row.id = static_cast<std::uint16_t>(all_.size());
    const bool specs =
        entry.elements.size() > 8 && entry.elements[8].aggregate() && !entry.elements[8].elements.empty();
    if (specs) {
      const auto& list = entry.elements[8].elements;
      for (std::size_t i = 0; i < std::min(list.size(), kMaxKeySpecs); ++i) {
        Bytes keyword;
        KeySpec& spec = row.key_specs[row.key_spec_count++] = key_spec(list[i], keyword);
        if (!keyword.empty()) spec.keyword = texts_.emplace_back(std::move(keyword));
      }
    } else if (entry.elements[3].integer > 0) {
      row.key_specs[row.key_spec_count++] = legacy_spec(entry, row.flags);
    }
    // A spec of unknown place says that keys may hide: more specs than we hold, or a module's own function.
    if ((row.flags & kMovableKeys) != 0 && (!specs || entry.elements[8].elements.size() > kMaxKeySpecs))
      row.key_specs[row.key_spec_count < kMaxKeySpecs ? row.key_spec_count++ : kMaxKeySpecs - 1] = KeySpec{};
    learnt_.push_back(row);
    all_.push_back(&learnt_.back());
    container_.push_back(false);
    index_.add(last_word, under, row.id);
    if (container) container_[container->id] = true;
    at = row.id;
    ++added;
  }
  if (!container && entry.elements.size() > 9)
    for (const Reply& sub : entry.elements[9].elements) added += learn_entry(sub, all_[at]);
  return added;
}

Result<std::size_t> Table::learn(const Reply& command_reply) {
  if (command_reply.type != '*' && command_reply.type != '~')
    return fail(ErrorCode::store, "the server's answer to COMMAND is not a list of commands");
  std::size_t added = 0;
  for (const Reply& entry : command_reply.elements) {
    if (entry.null()) continue;
    if (!is_entry(entry))
      return fail(ErrorCode::store, "the server's answer to COMMAND holds something that is not a command");
    added += learn_entry(entry, nullptr);
  }
  return added;
}

}  // namespace keyshift::commands

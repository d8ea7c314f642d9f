#include "model.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "command.hpp"

namespace keyshift::history {

bool is(std::string_view word, std::string_view option) {
  return word.size() == option.size() && std::equal(word.begin(), word.end(), option.begin(), [](char a, char b) {
           return (a >= 'a' && a <= 'z' ? a - 32 : a) == b;
         });
}

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

void expire_in(Value& value, std::int64_t milliseconds, const Span& span) {
  const Instant after = milliseconds * 1'000'000;
  value.deadline_from = span.begin + after - span.tolerance;
  value.deadline_to = span.end == never ? never : span.end + after + span.tolerance;
}

namespace {

std::unordered_map<std::string_view, const Command*> all_commands() {
  std::unordered_map<std::string_view, const Command*> found;
  for (const auto rows : {string_commands(), key_commands(), collection_commands()})
    for (const Command& row : rows) found[row.name] = &row;
  return found;
}

const std::unordered_map<std::string_view, const Command*>& commands() {
  static const auto all = all_commands();
  return all;
}

/// The calls one after another on `state`; false when one was answered otherwise.
bool run_all(State& state, const std::vector<Call>& calls, const Span& span) {
  for (const Call& call : calls) {
    const Reply reply = call.command->run({state, call, span});
    if (call.reply && !(reply == *call.reply)) return false;
  }
  return true;
}

/// Decides for one key after another whether its deadline had passed when the calls ran, both ways where both are
/// possible.
class Branches {
 public:
  Branches(const std::vector<Call>& calls, const Span& span, std::vector<State>& after)
      : calls_(calls), span_(span), after_(after) {
    for (const Call& call : calls)
      for (const auto key : call.keys)
        if (std::find(keys_.begin(), keys_.end(), key) == keys_.end()) keys_.push_back(key);
  }

  void decide(State state, std::size_t index) {
    while (index < keys_.size() && !state[keys_[index]].expires()) ++index;
    if (index == keys_.size()) {
      if (run_all(state, calls_, span_)) after_.push_back(std::move(state));
      return;
    }
    const Value& value = state[keys_[index]];
    const bool may_be_gone = span_.end == never || span_.end >= value.deadline_from;
    const bool may_be_there = value.deadline_to == never || span_.begin <= value.deadline_to;
    if (may_be_gone) {
      State gone = state;
      gone[keys_[index]] = Value{};
      decide(std::move(gone), index + 1);
    }
    if (!may_be_there) return;
    // It was seen alive, so its deadline is not before the command began.
    Value& alive = state[keys_[index]];
    alive.deadline_from = std::max(alive.deadline_from, span_.begin);
    decide(std::move(state), index + 1);
  }

 private:
  const std::vector<Call>& calls_;
  const Span& span_;
  std::vector<State>& after_;
  std::vector<std::uint32_t> keys_;
};

}  // namespace

const Command* find_command(const Words& words) {
  std::string name = words[0];
  for (char& letter : name)
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 32);
  const auto found = commands().find(name);
  return found == commands().end() || words.size() < found->second->words ? nullptr : found->second;
}

std::optional<std::vector<std::string>> keys_of(const Words& words) {
  const Command* command = find_command(words);
  if (!command) return std::nullopt;
  std::vector<std::string> keys;
  const int last = command->last_key < 0 ? static_cast<int>(words.size()) + command->last_key : command->last_key;
  for (int i = command->first_key; i <= last; i += command->key_step)
    keys.push_back(words[static_cast<std::size_t>(i)]);
  return keys;
}

bool reads_only(const Command& command) { return command.no_effect == NoEffect::always; }

bool without_effect(const Command& command, const Words& words, const Reply& reply) {
  if (reply.error()) return true;
  switch (command.no_effect) {
    case NoEffect::always:
      return true;
    case NoEffect::on_zero:
      return reply.zero();
    case NoEffect::on_null:
      return reply.null();
    case NoEffect::on_error:
      break;
  }
  // A plain SET is never answered by null: it was NX or XX that refused. With GET null says nothing.
  return command.name == "SET" && reply.null() &&
         std::none_of(words.begin() + 3, words.end(), [](const auto& w) { return is(w, "GET"); });
}

void canonical(const Command& command, Reply& reply) {
  auto& elements = reply.elements;
  const auto by_text = [](const Reply& a, const Reply& b) { return a.text < b.text; };
  if (command.unordered) std::sort(elements.begin(), elements.end(), by_text);
  if (!command.pairs || elements.size() % 2 != 0) return;
  std::vector<std::pair<Reply, Reply>> pairs;
  for (std::size_t i = 0; i < elements.size(); i += 2) pairs.emplace_back(elements[i], elements[i + 1]);
  std::sort(pairs.begin(), pairs.end(), [&](const auto& a, const auto& b) { return by_text(a.first, b.first); });
  elements.clear();
  for (auto& [field, value] : pairs) elements.insert(elements.end(), {field, value});
}

void run(const State& before, const std::vector<Call>& calls, const Span& span, std::vector<State>& after) {
  Branches(calls, span, after).decide(before, 0);
}

Reply execute(State& state, const Call& call, Instant now) {
  for (const auto key : call.keys)
    if (state[key].expires() && state[key].deadline_from < now) state[key] = Value{};
  const Span span{now, now, 0};
  return call.command->run({state, call, span});
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const auto& [name, row] : commands()) names.emplace_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace keyshift::history

#include "traces.hpp"

#include <algorithm>

#include "command.hpp"

namespace keyshift::history {

namespace {

/// How often each word stands in the component's commands, and the step where it does so last.
struct Written {
  std::size_t times = 0;
  std::uint32_t step = 0;
};

/// True when appending one of `tails` to something could give `text`.
bool may_be_put_together(const std::string& text, const std::vector<std::string>& tails) {
  return std::any_of(tails.begin(), tails.end(), [&](const auto& tail) { return text.ends_with(tail); });
}

}  // namespace

Traces::Traces(const Component& component) : written_by_(component.steps.size(), none) {
  std::unordered_map<std::string, Written> words;
  std::vector<std::string> tails;
  for (std::uint32_t i = 0; i < component.steps.size(); ++i) {
    for (const Words& command : component.steps[i].operation->commands) {
      for (std::size_t w = 1; w < command.size(); ++w) words[command[w]] = {words[command[w]].times + 1, i};
      if (is(command[0], "APPEND")) tails.push_back(command[2]);
    }
  }
  // A number may be the outcome of counting, and an empty string that of anything.
  for (const auto& [word, written] : words) {
    if (written.times != 1 || word.empty() || number_in(word) || may_be_put_together(word, tails)) continue;
    values_.emplace(word, static_cast<Value>(writer_.size()));
    writer_.push_back(written.step);
  }
  seen_by_.resize(writer_.size());
  for (std::uint32_t i = 0; i < component.steps.size(); ++i) {
    for (const Reply& reply : component.steps[i].operation->replies) note_seen(reply, i);
    if (component.steps[i].blind) written_by_[i] = find(component.steps[i].operation->commands[0][2]);
  }
}

Traces::Value Traces::find(const std::string& text) const {
  const auto found = values_.find(text);
  return found == values_.end() ? none : found->second;
}

void Traces::note_seen(const Reply& reply, std::uint32_t step) {
  for (const Reply& element : reply.elements) note_seen(element, step);
  if (reply.kind != Reply::Kind::text) return;
  if (const Value value = find(reply.text); value != none && writer_[value] != step) seen_by_[value].push_back(step);
}

std::vector<Traces::Value> Traces::in(const State& state) const {
  std::vector<Value> found;
  for (const auto& record : state)
    for (const auto& part : record.parts)
      if (const Value value = find(part); value != none) found.push_back(value);
  return found;
}

}  // namespace keyshift::history

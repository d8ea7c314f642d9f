#include "component.hpp"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "command.hpp"

namespace keyshift::history {

namespace {

/// Sets of keys that belong together.
class Unions {
 public:
  std::size_t number_of(const std::string& key) {
    const auto [place, is_new] = numbers_.try_emplace(key, parent_.size());
    if (is_new) {
      parent_.push_back(place->second);
      names_.push_back(key);
    }
    return place->second;
  }
  std::size_t root(std::size_t number) {
    while (parent_[number] != number) number = parent_[number] = parent_[parent_[number]];
    return number;
  }
  void join(std::size_t a, std::size_t b) { parent_[root(a)] = root(b); }
  [[nodiscard]] std::size_t size() const { return parent_.size(); }
  [[nodiscard]] const std::string& name(std::size_t number) const { return names_[number]; }

 private:
  std::unordered_map<std::string, std::size_t> numbers_;
  std::vector<std::size_t> parent_;
  std::vector<std::string> names_;
};

/// The calls of an operation, with keys by their number in the whole history.
bool look_up(Operation& operation, Unions& unions, Step& step, std::string& wrong) {
  step.operation = &operation;
  for (std::size_t i = 0; i < operation.commands.size(); ++i) {
    const Words& words = operation.commands[i];
    Call call{find_command(words), {}, &words, nullptr};
    const auto keys = keys_of(words);
    if (!call.command || !keys || keys->empty()) {
      wrong = "line " + std::to_string(operation.line) + ": the model does not know " + show(operation);
      return false;
    }
    for (const auto& key : *keys) call.keys.push_back(static_cast<std::uint32_t>(unions.number_of(key)));
    if (operation.known()) {
      canonical(*call.command, operation.replies[i]);
      call.reply = &operation.replies[i];
    }
    step.calls.push_back(std::move(call));
  }
  const auto first = step.calls[0].keys[0];
  for (const Call& call : step.calls)
    for (const auto key : call.keys) unions.join(first, key);
  return true;
}

bool leaves_everything(const Step& step) {
  return std::all_of(step.calls.begin(), step.calls.end(), [](const Call& call) {
    return call.reply ? without_effect(*call.command, *call.words, *call.reply) : reads_only(*call.command);
  });
}

bool writes_blindly(const Step& step) {
  return step.calls.size() == 1 && step.calls[0].reply && step.calls[0].command->name == "SET" &&
         *step.calls[0].reply == ok() && step.calls[0].words->size() == 3;
}

/// A client's commands on one connection run in their order, known ones at least: those of unknown outcome may lie in a
/// buffer while later ones go another way.
void order_by_client(Component& component) {
  std::unordered_map<std::uint32_t, std::ptrdiff_t> last;
  for (std::size_t i = 0; i < component.steps.size(); ++i) {
    Step& step = component.steps[i];
    const auto found = last.find(step.operation->client);
    if (found != last.end()) step.behind = found->second;
    if (step.operation->known()) last[step.operation->client] = static_cast<std::ptrdiff_t>(i);
  }
}

}  // namespace

std::optional<std::vector<Component>> components_of(History& history, std::string& wrong) {
  Unions unions;
  std::vector<Step> steps(history.size());
  for (std::size_t i = 0; i < history.size(); ++i)
    if (!look_up(history[i], unions, steps[i], wrong)) return std::nullopt;
  std::vector<Component> components;
  std::vector<std::ptrdiff_t> component_of(unions.size(), -1);
  std::vector<std::uint32_t> number_in(unions.size());
  for (std::size_t key = 0; key < unions.size(); ++key) {
    auto& number = component_of[unions.root(key)];
    if (number < 0) {
      number = static_cast<std::ptrdiff_t>(components.size());
      components.emplace_back();
    }
    auto& keys = components[static_cast<std::size_t>(number)].keys;
    number_in[key] = static_cast<std::uint32_t>(keys.size());
    keys.push_back(unions.name(key));
  }
  for (Step& step : steps) {
    step.without_effect = leaves_everything(step);
    step.blind = writes_blindly(step);
    if (step.without_effect && !step.operation->known()) continue;
    auto& component = components[static_cast<std::size_t>(component_of[unions.root(step.calls[0].keys[0])])];
    for (Call& call : step.calls)
      for (auto& key : call.keys) key = number_in[key];
    component.steps.push_back(std::move(step));
  }
  for (Component& component : components) {
    std::stable_sort(component.steps.begin(), component.steps.end(),
                     [](const Step& a, const Step& b) { return a.operation->begin < b.operation->begin; });
    order_by_client(component);
  }
  return components;
}

}  // namespace keyshift::history

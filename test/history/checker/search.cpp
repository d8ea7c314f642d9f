#include "search.hpp"

#include <algorithm>

namespace keyshift::history {

Search::Search(const Component& component, const SearchSettings& settings)
    : component_(component),
      settings_(settings),
      traces_(component),
      step_at_(open_limit),
      place_of_(component.steps.size(), open_limit),
      left_out_(component.steps.size()),
      begun_(component.steps.size()) {
  free_.set();
  for (std::uint32_t i = 0; i < component.steps.size(); ++i) {
    const Operation& operation = *component.steps[i].operation;
    events_.push_back({operation.begin, false, i});
    if (operation.known()) events_.push_back({operation.end, true, i});
  }
  // At the same instant begins come first: what touches was not shown to be in order.
  std::stable_sort(events_.begin(), events_.end(),
                   [](const Event& a, const Event& b) { return a.at != b.at ? a.at < b.at : a.ends < b.ends; });
  front_.push_back({table_.number_of(State(component.keys.size())), {}, {}});
}

Search::Outcome Search::run() {
  Outcome outcome = Outcome::going;
  while (outcome == Outcome::going) outcome = advance();
  return outcome;
}

Search::Outcome Search::advance() {
  if (position_ == events_.size()) return Outcome::linearizable;
  const Event event = events_[position_];
  if (!left_out_[event.step]) {
    if (event.ends) {
      if (const Outcome outcome = end(event.step); outcome != Outcome::going) return outcome;
    } else if (free_.none()) {
      return Outcome::undecided;
    } else {
      begin(event.step);
    }
  }
  ++position_;
  return position_ == events_.size() ? Outcome::linearizable : Outcome::going;
}

void Search::begin(std::uint32_t step) {
  const std::size_t place = free_._Find_first();
  free_.reset(place);
  step_at_[place] = step;
  place_of_[step] = place;
  begun_[step] = true;
  used_.push_back(place);
  const Operation& operation = *component_.steps[step].operation;
  if (operation.known())
    ++open_known_;
  else
    unknown_.set(place);
  for (Configuration& configuration : front_) configuration.needed.set(place, operation.known());
  if (component_.steps[step].without_effect)
    for (Configuration& configuration : front_) settle(configuration, operation.begin);
}

Search::Outcome Search::end(std::uint32_t step) {
  const std::size_t place = place_of_[step];
  const Instant now = component_.steps[step].operation->end;
  Configurations found;
  for (const Configuration& configuration : front_) {
    if (!configuration.needed.test(place) &&
        (configuration.done.test(place) || !still_to_see(configuration, traces_.written_by(step))))
      found.add(configuration);
    if (!configuration.done.test(place) && !explore(configuration, place, now, found)) return Outcome::undecided;
  }
  if (found.size() == 0) {
    culprit_ = step;
    return Outcome::impossible;
  }
  free_.set(place);
  place_of_[step] = open_limit;
  std::erase(used_, place);
  --open_known_;
  // Without that place some of them may be alike.
  Configurations next;
  for (Configuration configuration : found.all()) {
    configuration.done.reset(place);
    next.add(configuration);
  }
  front_ = next.all();
  forget_old_states();
  return Outcome::going;
}

std::size_t Search::place_before(std::size_t place) const {
  const Step& step = component_.steps[step_at_[place]];
  return step.behind < 0 ? open_limit : place_of_[static_cast<std::size_t>(step.behind)];
}

bool Search::may_run(const Configuration& configuration, std::size_t place) const {
  if (configuration.done.test(place)) return false;
  const std::size_t before = place_before(place);
  if (before != open_limit && configuration.needed.test(before)) return false;
  if (!unknown_.test(place)) return true;
  // Of two equal ones of unknown outcome the earlier one can do what the later one can.
  const auto& commands = component_.steps[step_at_[place]].operation->commands;
  for (const std::size_t other : used_) {
    if (other == place) break;
    if (unknown_.test(other) && !configuration.done.test(other) &&
        component_.steps[step_at_[other]].operation->commands == commands)
      return false;
  }
  return true;
}

void Search::apply(const State& before, std::size_t place, Instant now, std::vector<State>& after) const {
  const Step& step = component_.steps[step_at_[place]];
  history::run(before, step.calls, {step.operation->begin, std::min(step.operation->end, now), settings_.tolerance},
               after);
}

void Search::take(Configuration& configuration, std::size_t place) const {
  configuration.done.set(place);
  configuration.needed.reset(place);
  // What the client had sent before on that connection was hidden, and can be seen no more.
  if (const std::size_t before = place_before(place); before != open_limit) configuration.done.set(before);
}

/// What has no effect and fits is taken at once: later it can do nothing that it cannot do now.
void Search::settle(Configuration& configuration, Instant now) {
  std::vector<State> after;
  for (bool again = true; again;) {
    again = false;
    for (const std::size_t place : used_) {
      if (!component_.steps[step_at_[place]].without_effect || !may_run(configuration, place)) continue;
      // What went before it on its connection was hidden, but may still be seen; taking this one would forbid that.
      if (const std::size_t before = place_before(place); before != open_limit && !configuration.done.test(before))
        continue;
      after.clear();
      apply(table_.at(configuration.state), place, now, after);
      if (after.size() != 1 || !(after[0] == table_.at(configuration.state))) continue;
      take(configuration, place);
      again = true;
    }
  }
}

bool Search::leads_to(const State& before, std::size_t first, std::size_t second, Instant now,
                      const State& wanted) const {
  std::vector<State> between, after;
  apply(before, first, now, between);
  if (between.size() != 1) return false;
  apply(between[0], second, now, after);
  return after.size() == 1 && after[0] == wanted;
}

/// Plain SETs that may have happened just before the operation at `place`, which led from `before` to `after`: nobody
/// could have told, since it overwrote them.
void Search::hide(const State& before, Configuration& after, std::size_t place, Instant now) {
  for (const std::size_t other : used_) {
    if (!after.needed.test(other) || !component_.steps[step_at_[other]].blind) continue;
    const std::size_t earlier = place_before(other);
    if (earlier != open_limit && (earlier == place || !after.done.test(earlier))) continue;
    if (leads_to(before, other, place, now, table_.at(after.state))) after.needed.reset(other);
  }
}

Configuration Search::taken(Configuration configuration, std::size_t place) const {
  take(configuration, place);
  return configuration;
}

/// True when the last operation of the path and that at `place` lead to the same in the other order, and that order is
/// tried.
bool Search::other_way_round(const Path& path, std::size_t place, std::size_t wanted, Instant now,
                             std::uint32_t outcome) const {
  if (path.last == open_limit || (place != wanted && place > path.last)) return false;
  if (place_before(place) == path.last || place_before(path.last) == place || !may_run(path.before, place))
    return false;
  return leads_to(table_.at(path.before.state), place, path.last, now, table_.at(outcome));
}

/// Every order of open operations that ends with the wanted one. False above the limit.
bool Search::explore(const Configuration& from, std::size_t wanted, Instant now, Configurations& found) {
  Configurations seen;
  std::vector<Path> stack{{from, from, open_limit}};
  std::vector<State> outcomes;
  while (!stack.empty()) {
    const Path path = stack.back();
    stack.pop_back();
    for (const std::size_t place : used_) {
      if (!may_run(path.here, place)) continue;
      outcomes.clear();
      apply(table_.at(path.here.state), place, now, outcomes);
      for (State& outcome : outcomes) {
        Configuration next = taken(path.here, place);
        const Configuration alone = next;
        next.state = table_.number_of(std::move(outcome));
        if (lost_too_early(path.here, next)) continue;
        hide(table_.at(path.here.state), next, place, now);
        settle(next, now);
        // It did nothing but its own: then its order with the one before may not matter.
        const bool plain = outcomes.size() == 1 && next.done == alone.done && next.needed == alone.needed;
        if (plain && other_way_round(path, place, wanted, now, next.state)) continue;
        if (next.done.test(wanted))
          found.add(next);
        else if (seen.add(next))
          stack.push_back({next, path.here, plain ? place : open_limit});
      }
    }
    if (seen.size() > settings_.limit || found.size() > settings_.limit) return false;
  }
  return true;
}

/// True when an operation that saw the value has not run yet.
bool Search::still_to_see(const Configuration& configuration, Traces::Value value) const {
  if (value == Traces::none) return false;
  for (const std::uint32_t step : traces_.seen_by(value)) {
    if (left_out_[step]) continue;
    const std::size_t place = place_of_[step];
    if (!begun_[step] || (place != open_limit && !configuration.done.test(place))) return true;
  }
  return false;
}

const std::vector<Traces::Value>& Search::traced_in(std::uint32_t state) {
  if (traced_.size() <= state) traced_.resize(table_.size());
  auto& values = traced_[state];
  if (!values) values = traces_.in(table_.at(state));
  return *values;
}

bool Search::lost_too_early(const Configuration& before, const Configuration& after) {
  if (before.state == after.state) return false;
  if (traced_.size() < table_.size()) traced_.resize(table_.size());
  const auto& left = traced_in(after.state);
  for (const Traces::Value value : traced_in(before.state))
    if (std::find(left.begin(), left.end(), value) == left.end() && still_to_see(after, value)) return true;
  return false;
}

void Search::forget_old_states() {
  if (table_.size() < 4096 + 4 * front_.size()) return;
  StateTable kept;
  for (Configuration& configuration : front_) configuration.state = kept.number_of(table_.at(configuration.state));
  table_ = std::move(kept);
  traced_.clear();
}

std::vector<std::size_t> Search::open() const {
  std::vector<std::size_t> steps;
  for (const std::size_t place : used_)
    if (std::any_of(front_.begin(), front_.end(), [&](const auto& c) { return !c.done.test(place); }))
      steps.push_back(step_at_[place]);
  return steps;
}

std::vector<State> Search::states() const {
  std::vector<State> found;
  for (const Configuration& configuration : front_) {
    const State& state = table_.at(configuration.state);
    if (std::find(found.begin(), found.end(), state) == found.end()) found.push_back(state);
  }
  return found;
}

}  // namespace keyshift::history

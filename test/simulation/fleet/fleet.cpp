#include "fleet.hpp"

#include <cstdio>

#include "control/change_rules.hpp"
#include "control/phases.hpp"
#include "migration/reserved_name.hpp"
#include "resp/encode.hpp"

namespace keyshift::simulation {
namespace {

constexpr std::size_t kProxies = 3, kApps = 6, kNodes = 2, kAhead = 4;
const Bytes kRefused = "-NOREPLICAS Not enough good replicas to write.\r\n";

std::shared_ptr<const transforms::RuleSet> user_rules() {
  transforms::MigrationFile file;
  transforms::Rule rule;
  rule.name = "user";
  rule.from = *transforms::KeyPattern::parse("user:<id>");
  rule.to = *transforms::KeyPattern::parse("{user:<id>}:profile");
  file.rules.push_back(std::move(rule));
  return std::make_shared<transforms::RuleSet>(file);
}

/// Each kind of fault is often there, rare, or not at all: runs that differ find more than runs that are all alike.
std::size_t rate(Dice& dice, std::size_t often) {
  const std::size_t kind = dice.pick(3);
  return kind == 0 ? 0 : kind == 1 ? often : often * 4;
}

}  // namespace

Fleet::Fleet(const Plan& plan)
    : plan_(plan),
      dice_(plan.seed),
      cluster_(kNodes),
      network_(cluster_, dice_),
      around_{dice_, cluster_, network_, Time{} + seconds(1000)},
      rules_(user_rules()),
      proxies_(kProxies),
      back_at_(kProxies) {
  rough_.kill_proxy = rate(dice_, 500);
  rough_.stop_proxy = rate(dice_, 150);
  rough_.kill_driver = rate(dice_, 200);
  rough_.stop_driver = rate(dice_, 200);
  rough_.cut = rate(dice_, 150);
  rough_.slow = rate(dice_, 60);
  rough_.refuse = rate(dice_, 400);
  rough_.lag = dice_.pick(2) == 0 ? 1 : 1 + dice_.pick(25);
  rough_.fail_over = dice_.pick(2) == 0 ? 0 : 1000;
  survivors_ = dice_.pick(2) == 0;
  if (plan_.survivors) survivors_ = *plan_.survivors;
  if (plan_.failovers) rough_.fail_over = *plan_.failovers ? 700 : 0;
  history_.reserve(plan.steps);
  oracle_.trace = plan_.trace;
  begin();
}

Fleet::~Fleet() {
  for (auto& driver : drivers_) driver.reset();
}

/// A record with one run in observe, known to everybody.
void Fleet::begin() {
  control::Change first = control::first_change(dice_.word());
  first.runs.push_back({"run", "users", Bytes(64, 'a'), control::Phase::observe, control::Wanted::nothing, first.id});
  oracle_.note(first);
  for (const auto& node : cluster_.nodes()) {
    oracle_.watch(*node);
    Value record(Value::Type::hash);
    record.hash[Bytes(control::kCurField)] = record.hash[Bytes(control::kNextField)] = control::encode(first);
    node->redis.keys()[migration::control_record_name()] = record;
    node->redis.keys()[migration::epoch_key_name()] = control::encode(first);
  }
  for (std::size_t i = 0; i < kProxies; ++i) start_proxy(i);
  const bool joins = dice_.once_in(8);
  for (std::uint32_t i = 0; i < kApps; ++i) apps_.emplace_back(i, joins, history_, dice_);
}

history::Instant Fleet::instant() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(around_.now.time_since_epoch()).count() + ++ticks_;
}

void Fleet::start_proxy(std::size_t which) {
  proxy::EngineSettings settings;
  settings.follows = true;
  settings.proxy_name = "p" + std::to_string(which);
  settings.naive = plan_.naive;
  auto& proxy = proxies_[which];
  proxy = std::make_unique<ProxyProcess>(around_, settings.proxy_name, settings, rules_);
  proxy->on_change = [this](const control::Change& change) { oracle_.note(change); };
  proxy->on_clean = [this](CleanPass pass) { clean_ = std::move(pass); };
  proxy->on_turn = [this](const control::Serving& serving) { turned(serving); };
  proxy->reader.naive = plan_.flip_naive;
  proxy->start();
}

void Fleet::kill_proxy(std::size_t which) {
  for (App& app : apps_)
    if (app.proxy() == proxies_[which].get() && app.joined()) app.lost();
  proxies_[which].reset();
  back_at_[which] = around_.now + milliseconds(1 + dice_.pick(300));
}

Outcome Fleet::run() {
  for (std::size_t i = 0; i < plan_.steps && oracle_.wrong().empty(); ++i) step();
  if (oracle_.wrong().empty()) finish();
  out_.wrong = oracle_.wrong().empty() ? wrong_ : oracle_.wrong();
  out_.eras = oracle_.highest_era();
  out_.commands = oracle_.commands();
  out_.losses = cluster_.losses();
  for (const App& app : apps_) {
    out_.unknown += app.unknown;
    out_.refused += app.refused;
    out_.loose += app.loose;
  }
  if (out_.wrong.empty()) judge(out_);
  if (plan_.trace)
    for (const history::Operation& operation : history_)
      std::printf("client %u: %s %s\n", operation.client, history::show(operation).c_str(), operation.note.c_str());
  out_.history = without_dropped(history_);
  out_.operations = out_.history.size();
  return std::move(out_);
}

void Fleet::step() {
  const std::size_t what = dice_.pick(100);
  if (what < 45 && network_.deliver(around_.now)) {
  } else if (what < 70) {
    actors();
  } else if (what < 84) {
    apps_act();
  } else if (what < 94) {
    for (std::size_t i = 1 + dice_.pick(3); i > 0; --i)
      if (dice_.once_in(rough_.lag)) (void)cluster_.replicate(dice_);
  } else {
    pass(microseconds(200 + dice_.pick(4000)));
  }
  apps_take();
  if (!calm_) fault();
}

void Fleet::pass(Duration time) {
  around_.now += time;
  const auto clock = std::chrono::duration_cast<milliseconds>(around_.now.time_since_epoch()).count();
  for (const auto& node : cluster_.nodes()) {
    node->redis.clock = clock;
    node->redis.time_out();
    const bool refuses = around_.now < refusing_until_;
    node->redis.write_error = refuses ? kRefused : Bytes();
    node->redis.renamenx_error = refuses || around_.now < refusing_moves_until_ ? kRefused : Bytes();
  }
  for (std::size_t i = 0; i < kProxies; ++i) {
    if (!proxies_[i] && around_.now >= back_at_[i]) start_proxy(i);
    if (proxies_[i]) proxies_[i]->tick();
    if (proxies_[i]) proxies_[i]->reap();
  }
  for (App& app : apps_)
    if (!app.joined()) {
      const std::size_t which = dice_.pick(kProxies);
      if (proxies_[which]) app.join(*proxies_[which], static_cast<std::int32_t>(which));
    }
  operate();
}

void Fleet::actors() {
  able_.clear();
  for (const auto& proxy : proxies_)
    if (proxy) proxy->able(able_);
  for (const auto& driver : drivers_)
    if (driver && driver->able()) able_.push_back(driver.get());
  if (able_.empty()) return pass(microseconds(200 + dice_.pick(4000)));
  able_[dice_.pick(able_.size())]->go_on();
}

void Fleet::apps_act() {
  App& app = apps_[dice_.pick(apps_.size())];
  if (!calm_ && app.joined() && app.under_way() < kAhead) app.act(instant());
}

void Fleet::apps_take() {
  for (App& app : apps_)
    if (app.joined() && !app.take(instant())) app.lost();
}

}  // namespace keyshift::simulation

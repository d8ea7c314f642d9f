// The end of a run: everything is well again, and what is there is compared with what was seen.
#include "fleet.hpp"

namespace keyshift::simulation {

bool Fleet::settle(const std::function<bool()>& done, int limit) {
  for (int i = 0; i < limit && oracle_.wrong().empty(); ++i) {
    if (done()) return true;
    bool any = network_.deliver(around_.now);
    for (int n = 0; n < 3; ++n) any = cluster_.replicate(dice_) || any;
    able_.clear();
    for (const auto& proxy : proxies_)
      if (proxy) proxy->able(able_);
    for (const auto& driver : drivers_)
      if (driver && driver->able()) able_.push_back(driver.get());
    for (Actor* actor : able_)
      if (actor->able()) actor->go_on();
    apps_take();
    if (!any && able_.empty()) pass(milliseconds(5));
    if (i % 20 == 0) pass(microseconds(500));
  }
  return done();
}

void Fleet::finish() {
  calm_ = true;
  come_back();
  refusing_until_ = refusing_moves_until_ = {};
  for (const auto& proxy : proxies_)
    if (proxy) proxy->stop_until(around_.now);
  for (auto& driver : drivers_) driver.reset();
  network_.cut_all();
  pass(milliseconds(1));
  start_driver(0);
  const bool at_peace = settle(
      [this] {
        const auto found = record();
        const bool all_back = std::all_of(apps_.begin(), apps_.end(),
                                          [](const App& app) { return app.joined() && app.under_way() == 0; });
        return found && found->settled() && !found->cur.hold && !drivers_[0] && all_back;
      },
      60'000);
  if (!at_peace) return say("there is no peace to be had: a flip or a command never ends");
  // Whoever was refused a connection asks again after a while.
  const Time later = around_.now + seconds(3);
  (void)settle([this, later] { return around_.now >= later; }, 60'000);
  read_all();
}

/// Each record through each proxy, and its forms at the server.
void Fleet::read_all() {
  const auto all = records();
  Node& node = cluster_.primary();
  for (App& app : apps_)
    for (std::size_t i = 0; i < all.size(); ++i)
      app.send({i == 2 ? Words{"LRANGE", all[i].app, "0", "-1"} : Words{"GET", all[i].app}}, false, instant());
  const std::size_t first = history_.size() - apps_.size() * all.size();
  const bool answered = settle(
      [this] { return std::all_of(apps_.begin(), apps_.end(), [](const App& app) { return app.under_way() == 0; }); },
      60'000);
  if (!answered) return say("reads are never answered");
  for (std::size_t i = first; i < history_.size(); ++i)
    if (!history_[i].known() || !history_[i].note.empty())
      return say("a read in peace is refused: " + history::show(history_[i]) + " " + history_[i].note);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Value *from = node.redis.find(0, all[i].from), *to = node.redis.find(0, all[i].to);
    if (from != nullptr && to != nullptr && oracle_.values) say(all[i].app + " is there under both names");
    const Value* found = from != nullptr ? from : to;
    const auto truth = Oracle::truth(node, i);
    if (oracle_.values && (found == nullptr ? std::nullopt : std::optional<Value>(*found)) != truth)
      say(all[i].app + " is " + (found == nullptr ? "gone" : "'" + found->text + "'") + " at the end, and should be " +
          (truth ? "'" + truth->text + "'" : Bytes("gone")));
    history::Reply expected;
    if (truth && truth->type == Value::Type::string) expected = history::text(truth->text);
    for (std::size_t r = first + i; oracle_.values && r < history_.size() && i != 2; r += all.size())
      if (history_[r].replies[0] != expected)
        say("at the end " + history::show(history_[r]) + ", and the record is " + history::show(expected));
  }
}

void Fleet::judge(Outcome& out) {
  // What a failover loses is the server's: only its surviving order is judged then.
  if (cluster_.losses() > 0 || cluster_.failovers() > 0) return;
  history::History seen = without_dropped(history_);
  // A read whose move is refused is asked again, perhaps behind one that its client sent later: order by time alone.
  std::uint32_t alone = 0;
  if (rough_.refuse != 0)
    for (history::Operation& operation : seen) operation.client = ++alone;
  history::SearchSettings settings;
  settings.limit = 500;
  std::string wrong;
  const auto verdict = history::judge(seen, settings, wrong);
  if (!verdict) return say("the history makes no sense: " + wrong), void(out.wrong = wrong_);
  out.judged = true;
  out.concurrency = verdict->concurrency_median;
  if (!verdict->violations.empty()) out.wrong = history::show(verdict->violations.front());
  if (!verdict->undecided.empty()) out.judged = false;
}

}  // namespace keyshift::simulation

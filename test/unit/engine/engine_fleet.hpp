#pragma once
#include "control/change_rules.hpp"
#include "migration/reserved_name.hpp"
#include "unit/engine/engine_world.hpp"

namespace keyshift::proxy::test {

inline EngineSettings following() {
  EngineSettings settings;
  settings.follows = true;
  settings.proxy_name = "p";
  settings.request_limit = 1024 * 1024;
  return settings;
}

/// A server under a control record, and one proxy that follows it; the test is the driver of the flip.
class Fleet {
 public:
  explicit Fleet(migration::Mode mode = migration::Mode::old) : world(server, following()), mode_(mode) {
    cur.runs = {{"run", "shop", Bytes(64, 'a'), control::Phase::observe, control::Wanted::nothing, cur.id}};
    settle(cur);
  }
  ModelRedis server;
  World world;
  control::Change cur = control::first_change(1);

  /// What the proxies act on for `change`.
  [[nodiscard]] std::shared_ptr<control::Serving> serving(const control::Change& change) const {
    auto out = std::make_shared<control::Serving>();
    out->change = change;
    out->records = change.hold ? control::Serving::Records::hold : control::Serving::Records::serve;
    add_run(*out, rules_, mode_);
    return out;
  }
  void set_key(const control::Change& change) { server.keys()[migration::epoch_key_name()] = control::encode(change); }
  /// The proxy learns of it, whatever the server knows.
  void tell(const control::Change& change) {
    cur = change;
    world.engine.turn(serving(change), world.now);
    world.flush();
  }
  /// Record and server are under `change`, and all that follows from it has happened.
  void settle(const control::Change& change) {
    set_key(change);
    tell(change);
    for (int i = 0; i < 3; ++i) {
      world.run();
      world.pass(milliseconds(10));
    }
    world.run();
  }
  void hold() { settle(control::hold_after(cur, 0, 0, ++word_)); }
  /// The hold ends in the next era, in `mode`.
  void flip(migration::Mode mode) {
    mode_ = mode;
    settle(control::serve_next_era(cur, ++word_));
  }
  void serve() { settle(control::serve_same_era(cur, ++word_)); }
  /// What the server would be asked to kill: connections that are not at `change`.
  [[nodiscard]] std::vector<Bytes> late() const {
    std::vector<Bytes> out;
    for (const auto& [id, link] : server.links())
      if (!link->killed && !link->name.empty() && control::standing(link->name, cur) != control::Standing::in_step)
        out.push_back(link->name);
    return out;
  }

 private:
  std::shared_ptr<const transforms::RuleSet> rules_ = moving_settings().rules;
  migration::Mode mode_;
  std::uint64_t word_ = 1;
};

}  // namespace keyshift::proxy::test

// Two proxies, a sweeper and a driver that turns the fleet again and again, in random order: each record behaves like
// one key, whenever each proxy learns of each change.
#include <cstdlib>
#include <random>

#include "unit/engine/engine_fleet.hpp"

namespace keyshift::proxy {
namespace {

using control::Change;
using migration::Mode;
using test::ModelRedis;
using test::request;
using test::Words;
using test::World;

/// Records of two runs: the first half is of one, the second of the other.
constexpr std::size_t kRecords = 4;
std::size_t run_of(std::size_t record) { return record / 2; }
Bytes old_name(std::size_t i) { return (run_of(i) == 0 ? "user:" : "sess:") + std::to_string(i); }
Bytes new_name(std::size_t i) {
  return run_of(i) == 0 ? "{user:" + std::to_string(i) + "}:profile" : "session:v2:" + std::to_string(i);
}

std::shared_ptr<const transforms::RuleSet> one_rule(const char* name, const char* from, const char* to) {
  transforms::MigrationFile file;
  file.rules.push_back(test::rule(name, from, to));
  return std::make_shared<const transforms::RuleSet>(file);
}

const std::shared_ptr<const transforms::RuleSet>& rules_of(std::size_t run) {
  static const std::shared_ptr<const transforms::RuleSet> all[] = {
      one_rule("user", "user:<id>", "{user:<id>}:profile"), one_rule("session", "sess:<token>", "session:v2:<token>")};
  return all[run];
}

/// One random run of docs/protocol.md, "Turning": the driver holds, waits a little, kills who is late, serves. Of two
/// migrations side by side one turns, or both.
class FlipRun {
 public:
  FlipRun(std::uint64_t seed, Naive naive) : random_(seed) {
    EngineSettings settings = test::following();
    settings.naive = naive;
    for (int i = 0; i < 2; ++i) {
      World& w = worlds_.emplace_back(server_, settings);
      for (int c = 0; c < 2; ++c) w.client();
    }
    server_.on_execute = [this](ModelRedis::Link&, const Words& argv) { compare(argv); };
    publish(cur_);
    for (std::size_t i = 0; i < worlds_.size(); ++i) learn(i);
  }

  /// Something that went wrong, or nothing.
  Bytes result(int steps) {
    for (int i = 0; i < steps && wrong_.empty(); ++i) step();
    while (cur_.hold || step_ != 0) drive();
    for (int i = 0; i < 400 && wrong_.empty(); ++i)
      for (std::size_t w = 0; w < worlds_.size(); ++w) {
        learn(w);
        worlds_[w].run();
        worlds_[w].pass(milliseconds(10));
      }
    if (wrong_.empty()) end();
    return wrong_;
  }
  [[nodiscard]] std::uint64_t flips() const { return cur_.era - 1; }
  [[nodiscard]] std::uint64_t kills() const { return kills_; }

 private:
  std::uint64_t pick(std::uint64_t below) { return random_() % below; }
  void publish(const Change& change) { server_.keys()[migration::epoch_key_name()] = control::encode(change); }

  void learn(std::size_t i) {
    if (known_[i] == cur_.id) return;
    known_[i] = cur_.id;
    auto serving = std::make_shared<control::Serving>();
    serving->change = cur_;
    serving->records = cur_.hold ? control::Serving::Records::hold : control::Serving::Records::serve;
    for (std::size_t run = 0; run < 2; ++run) {
      control::ServedRun served;
      served.id = run == 0 ? "users" : "sessions";
      served.mode = modes_[run];
      served.rules = rules_of(run);
      serving->runs.push_back(std::move(served));
    }
    control::lay_out(*serving, laid_out_.get());
    laid_out_ = serving;
    worlds_[i].engine.turn(serving, worlds_[i].now);
    worlds_[i].flush();
  }

  void step() {
    const std::size_t i = pick(worlds_.size());
    World& w = worlds_[i];
    switch (pick(14)) {
      case 0:
      case 1:
      case 2: {
        auto c = w.clients.begin();
        std::advance(c, pick(w.clients.size()));
        if (!c->closed && c->session->in_flight() < 5) w.send(*c, command());
        return;
      }
      case 3:
        return sweep();
      case 4:
        if (pick(6) == 0) drive();
        return;
      case 5:
        if (pick(3) == 0) learn(i);
        return;
      case 6:
        return w.pass(milliseconds(10));
      case 7:
        if (pick(40) == 0) w.cut_all();
        return;
      default:
        break;
    }
    if (w.wires.empty()) return;
    auto wire = w.wires.begin();
    std::advance(wire, pick(w.wires.size()));
    w.chunk = 1 + pick(300);
    if (pick(2) == 0 || wire->connecting || wire->link.killed || !w.to_server(*wire))
      (wire->connecting || wire->link.killed ? w.advance(*wire) : w.to_proxy(*wire));
    w.chunk = std::size_t{1} << 30;
  }

  /// The next step of a flip.
  void drive() {
    switch (step_++) {
      case 0:
        cur_ = control::hold_after(cur_, 0, 0, ++word_);
        turning_ = pick(3);
        return;
      case 1:
        return publish(cur_);
      case 2: {
        std::vector<std::uint64_t> late;
        for (const auto& [id, link] : server_.links())
          if (!link->killed && control::standing(link->name, cur_) == control::Standing::late) late.push_back(id);
        for (const std::uint64_t id : late) server_.kill(id);
        kills_ += late.size();
        return;
      }
      case 3:
        next_ = control::serve_next_era(cur_, ++word_);
        return publish(next_);
      default:
        cur_ = next_;
        for (std::size_t run = 0; run < 2; ++run)
          if (turning_ == 2 || turning_ == run) modes_[run] = modes_[run] == Mode::to_new ? Mode::to_old : Mode::to_new;
        step_ = 0;
    }
  }

  /// A sweeper that is never late moves one record.
  void sweep() {
    const std::size_t i = pick(kRecords);
    const Mode mode = modes_[run_of(i)];
    if (mode == Mode::old || step_ != 0) return;
    const bool forth = mode == Mode::to_new;
    Bytes out;
    server_.take(sweeper_, request({"RENAMENX", forth ? old_name(i) : new_name(i), forth ? new_name(i) : old_name(i)}),
                 out);
  }

  Bytes command() {
    const Bytes key = old_name(pick(kRecords));
    const Bytes value = std::to_string(++values_);
    const Bytes other = old_name(pick(kRecords));
    switch (pick(12)) {
      case 9:
        return key == other ? request({"GET", key}) : request({"MSET", key, value, other, value + "b"});
      case 10:
        return key == other ? request({"DEL", key}) : request({"DEL", key, other});
      case 11:
        return request({"MGET", key, other, "plain"});
      case 0:
        return request({"SET", key, value});
      case 1:
      case 2:
        return request({"APPEND", key, value});
      case 3:
        return request({"DEL", key});
      case 4:
        return request({"MULTI"}) + request({"APPEND", key, value});
      case 5:
        return request({"EXEC"});
      case 6:
        return request({"SET", "plain", value});
      default:
        return request({"GET", key});
    }
  }

  std::optional<Bytes> seen(const Bytes& name) {
    const auto it = server_.keys().find(name);
    return it == server_.keys().end() ? std::nullopt : std::optional<Bytes>(it->second);
  }

  void compare(const Words& argv) {
    const Bytes name = upper(argv[0]);
    if (name == "MSET") {
      for (std::size_t k = 1; k + 1 < argv.size(); k += 2) compare_one("SET", argv[k], argv[k + 1]);
    } else if (name == "DEL") {
      for (std::size_t k = 1; k < argv.size(); ++k) compare_one(name, argv[k], {});
    } else if (name == "SET" || name == "APPEND") {
      compare_one(name, argv[1], argv[2]);
    }
  }

  void compare_one(const Bytes& name, const Bytes& key, const Bytes& value) {
    for (std::size_t i = 0; i < kRecords; ++i) {
      if (key != old_name(i) && key != new_name(i)) continue;
      auto& reference = reference_[i];
      if (name != "SET" && seen(key) != reference && wrong_.empty())
        wrong_ = name + " " + key + " met '" + seen(key).value_or("nothing") + "', the record is '" +
                 reference.value_or("nothing") + "'";
      if (name == "SET") reference = value;
      if (name == "APPEND") reference = reference.value_or("") + value;
      if (name == "DEL") reference.reset();
    }
  }

  void end() {
    for (World& w : worlds_) {
      World::Client& reader = w.client();
      for (std::size_t i = 0; i < kRecords && wrong_.empty(); ++i) {
        Bytes expected = "$-1\r\n";
        if (reference_[i]) resp::append_bulk(expected = Bytes(), *reference_[i]);
        const Bytes got = w.ask(reader, request({"GET", old_name(i)}));
        if (got != expected) wrong_ = "GET answered " + printable(got) + ", wanted " + printable(expected);
        if (seen(old_name(i)) && seen(new_name(i))) wrong_ = old_name(i) + " is there twice";
      }
    }
  }

  std::mt19937_64 random_;
  ModelRedis server_;
  ModelRedis::Link sweeper_;
  std::deque<World> worlds_;
  Change cur_ = control::first_change(1), next_;
  Mode modes_[2] = {Mode::old, Mode::old};
  std::uint64_t turning_ = 2;  ///< which run turns in the flip that is under way; 2: both
  int step_ = 0;
  control::ChangeId known_[2];
  static inline std::shared_ptr<const control::Serving> laid_out_;  ///< what was compiled for all
  std::optional<Bytes> reference_[kRecords];
  std::uint64_t values_ = 0, word_ = 1, kills_ = 0;
  Bytes wrong_;
};

TEST_CASE("while the fleet turns again and again each record is one key, whenever each proxy learns of it") {
  const char* wanted = std::getenv("KEYSHIFT_SIMULATION_RUNS");
  const std::uint64_t runs = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 400;
  std::uint64_t flips = 0, kills = 0;
  for (std::uint64_t seed = 1; seed <= runs; ++seed) {
    CAPTURE(seed);
    FlipRun run(seed, Naive::none);
    REQUIRE(run.result(4000) == "");
    flips += run.flips();
    kills += run.kills();
  }
  CHECK(flips > runs);
  CHECK(kills > runs);
}

TEST_CASE("the simulation of flips notices planted mistakes") {
  for (const Naive naive : {Naive::unread, Naive::unheld, Naive::remembered}) {
    CAPTURE(static_cast<int>(naive));
    std::size_t found = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed)
      if (!FlipRun(seed, naive).result(4000).empty()) ++found;
    CHECK(found > 4);
  }
}

}  // namespace
}  // namespace keyshift::proxy

#pragma once
#include <array>
#include <memory>
#include <optional>

#include "apps.hpp"
#include "checker/verdict.hpp"

namespace keyshift::simulation {

/// How rough a run is: each is "once in so many steps", 0: never. A run takes its own from its seed.
struct Roughness {
  std::size_t kill_proxy = 0, stop_proxy = 0, kill_driver = 0, stop_driver = 0, cut = 0, slow = 0, fail_over = 0,
              refuse = 0, lag = 1;
};

/// What a run is made of.
struct Plan {
  std::uint64_t seed = 1;
  proxy::Naive naive = proxy::Naive::none;                   ///< planted in the engines
  control::FlipNaive flip_naive = control::FlipNaive::none;  ///< planted in the drivers
  std::size_t steps = 6000;
  bool trace = false;
  std::optional<bool> survivors;  ///< connections outlive failovers; unset: as the seed says
  std::optional<bool> failovers;  ///< unset: as the seed says
};

/// Where a flip stands, by the numbered steps of docs/protocol.md, "Turning"; 0: none is under way.
constexpr std::size_t kFlipSteps = 5;

/// What a run was.
struct Outcome {
  Bytes wrong;  ///< what went wrong; empty: nothing
  std::uint64_t eras = 0, commands = 0;
  std::size_t loose = 0;  ///< transactions that fell apart
  std::size_t operations = 0, unknown = 0, refused = 0, killed = 0, losses = 0, concurrency = 0;
  bool judged = false;                           ///< the history was, too
  std::array<std::size_t, kFlipSteps> faults{};  ///< by the step of the flip that they fell into
  history::History history;
};

/// A fleet in one thread: proxies, their sweeps, two operators, apps, servers that fail over; every step is the seed's
/// choice.
class Fleet {
 public:
  explicit Fleet(const Plan& plan);
  ~Fleet();
  Outcome run();

 private:
  struct Place;
  void begin();
  void step();
  void fault();
  void fail_over();
  void come_back();
  void turned(const control::Serving& serving);
  void faulted(std::size_t count = 1);
  void pass(Duration time);
  void actors();
  void apps_act();
  void apps_take();
  void operate();
  void start_driver(std::size_t slot);
  void start_proxy(std::size_t which);
  void kill_proxy(std::size_t which);
  void finish();
  void read_all();
  void judge(Outcome& out);
  bool settle(const std::function<bool()>& done, int limit);
  [[nodiscard]] std::size_t flip_step();
  [[nodiscard]] std::optional<control::ControlRecord> record();
  [[nodiscard]] history::Instant instant();
  Result<control::Change> next_wish(const control::Change& cur, const Driver* driver);
  void say(Bytes what) {
    if (wrong_.empty()) wrong_ = std::move(what);
  }

  Plan plan_;
  Dice dice_;
  Cluster cluster_;
  Network network_;
  Surroundings around_;
  Oracle oracle_;
  std::shared_ptr<const transforms::RuleSet> rules_;
  Roughness rough_;
  history::History history_;
  std::vector<std::unique_ptr<ProxyProcess>> proxies_;
  std::vector<Time> back_at_;
  std::vector<App> apps_;
  std::array<std::unique_ptr<Driver>, 2> drivers_;
  std::optional<CleanPass> clean_;
  std::vector<Actor*> able_;
  Outcome out_;
  Bytes wrong_;
  std::int64_t ticks_ = 0;
  Time refusing_until_{}, refusing_moves_until_{};
  bool calm_ = false, survivors_ = false;
};

}  // namespace keyshift::simulation

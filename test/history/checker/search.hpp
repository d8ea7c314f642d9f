#pragma once
#include <cstddef>
#include <vector>

#include "component.hpp"
#include "configurations.hpp"
#include "traces.hpp"

namespace keyshift::history {

struct SearchSettings {
  Instant tolerance = 2'000'000;  ///< of deadlines: the server counts in ms, and its clock is not ours
  std::size_t limit = 20'000;     ///< configurations at one moment, above which it gives up
};

/// Whether one component is linearizable: Wing and Gong's search in Lowe's just-in-time order. It walks over the begins
/// and ends in time, and keeps every configuration in which the operations so far may have left the records. An
/// operation takes effect, in each of them, as late as it can: when its end is reached, or when another that must
/// follow it is. Where no configuration is left, none explains what was seen.
///
/// Four things keep the number of configurations small. What has no effect takes none as soon as it fits. A plain SET
/// that is open while another operation overwrites its record may have happened just before it, unseen: from then on it
/// need not happen any more, but may. And of two operations that could as well have run the other way round, only one
/// order is tried.
///
/// An operation of unknown outcome stays open for good: it may take effect at any time, or never.
class Search {
 public:
  enum class Outcome : std::uint8_t { going, linearizable, impossible, undecided };

  Search(const Component& component, const SearchSettings& settings);

  /// Goes on to the end, or to the first end of an operation that nothing explains.
  Outcome run();
  /// One begin or one end.
  Outcome advance();

  /// The step whose end could not be explained; valid after `impossible`.
  [[nodiscard]] std::size_t culprit() const { return culprit_; }
  [[nodiscard]] std::size_t position() const { return position_; }
  [[nodiscard]] std::size_t configurations() const { return front_.size(); }
  /// Operations with a known outcome that have begun and not ended.
  [[nodiscard]] std::size_t open_known() const { return open_known_; }
  /// Steps that have begun and that at least one configuration does not contain yet.
  [[nodiscard]] std::vector<std::size_t> open() const;
  [[nodiscard]] bool has_begun(std::size_t step) const { return begun_[step]; }
  /// States that the records may be in.
  [[nodiscard]] std::vector<State> states() const;
  /// The step is left out from here on. Only for steps that have not begun.
  void leave_out(std::size_t step) { left_out_[step] = true; }

 private:
  struct Event {
    Instant at;
    bool ends;
    std::uint32_t step;
  };

  /// A configuration and the one before it, for the order of operations that commute.
  struct Path {
    Configuration here;
    Configuration before;
    std::size_t last = open_limit;  ///< what led from one to the other; open_limit when it did more than that
  };

  void begin(std::uint32_t step);
  Outcome end(std::uint32_t step);
  bool explore(const Configuration& from, std::size_t wanted, Instant now, Configurations& found);
  bool other_way_round(const Path& path, std::size_t place, std::size_t wanted, Instant now,
                       std::uint32_t outcome) const;
  void settle(Configuration& configuration, Instant now);
  void take(Configuration& configuration, std::size_t place) const;
  [[nodiscard]] Configuration taken(Configuration configuration, std::size_t place) const;
  void hide(const State& before, Configuration& after, std::size_t place, Instant now);
  [[nodiscard]] std::size_t place_before(std::size_t place) const;
  [[nodiscard]] bool may_run(const Configuration& configuration, std::size_t place) const;
  void apply(const State& before, std::size_t place, Instant now, std::vector<State>& after) const;
  bool leads_to(const State& before, std::size_t first, std::size_t second, Instant now, const State& wanted) const;
  [[nodiscard]] bool still_to_see(const Configuration& configuration, Traces::Value value) const;
  bool lost_too_early(const Configuration& before, const Configuration& after);
  const std::vector<Traces::Value>& traced_in(std::uint32_t state);
  void forget_old_states();

  const Component& component_;
  SearchSettings settings_;
  std::vector<Event> events_;
  std::size_t position_ = 0;
  std::size_t culprit_ = 0;
  std::size_t open_known_ = 0;
  Traces traces_;
  StateTable table_;
  std::vector<std::optional<std::vector<Traces::Value>>> traced_;  ///< by state
  std::vector<Configuration> front_;
  std::vector<std::uint32_t> step_at_;  ///< by place
  std::vector<std::size_t> place_of_;   ///< by step; open_limit: not open
  std::vector<bool> left_out_;
  std::vector<bool> begun_;
  std::vector<std::size_t> used_;  ///< places of what is open, in the order of begins
  Places unknown_;
  Places free_;
};

}  // namespace keyshift::history

#pragma once
#include <array>
#include <atomic>
#include <optional>
#include <span>

#include "cli/demo_slice.hpp"

namespace keyshift::cli::demo {

/// How many proxies the demo has.
constexpr unsigned proxies = 3;
using ProxyPorts = std::array<std::uint16_t, proxies>;

/// What clients have seen of one proxy, in memory that they share with the demo.
struct DoorCounts {
  std::atomic<std::uint64_t> unsure, cut, late;  ///< steps that ended so
  std::atomic<std::uint64_t> clients;            ///< that are connected to it
};

/// One client's way in: a connection to its home proxy. Cut off there, or kept waiting beyond its patience, it goes to
/// the next one that answers, and home again once that one answers.
class Door {
 public:
  Door(const ProxyPorts& ports, std::span<DoorCounts, proxies> counts, unsigned home, milliseconds patience)
      : ports_(ports), counts_(counts), home_(home), at_(home), patience_(patience) {}

  /// The connection; null while no proxy answers. Tries each once.
  Redis* open();
  /// To be told after every step.
  void ended(StepEnd end);

 private:
  bool enter(unsigned number, milliseconds limit);
  void leave();
  ProxyPorts ports_;
  std::span<DoorCounts, proxies> counts_;
  unsigned home_, at_;
  milliseconds patience_;
  std::optional<Redis> redis_;
  Time home_tried_{};
};

}  // namespace keyshift::cli::demo

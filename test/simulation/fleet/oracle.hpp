#pragma once
#include <map>
#include <optional>

#include "control/change.hpp"
#include "network.hpp"

namespace keyshift::simulation {

/// One record, by the name that apps use.
struct Record {
  Bytes app, from, to;  ///< app: the old view's name, which is `from`
};
std::vector<Record> records();

/// Watches what each server executes. What it knows lies beside the data, in a database that nobody can select, and is
/// replicated with it: so it holds for whatever history of the server survives.
///
/// Two things must hold on each server: every command that is executed for an era comes before every command that is
/// executed for a later one, and what a write finds at its key is what the record would be if it were one plain key.
class Oracle {
 public:
  /// Watches `node`.
  void watch(Node& node);
  /// Somebody was about to write this change into the record or a key.
  void note(const control::Change& change);
  /// False: only the order of eras is judged from here on. (Connections that outlive a failover: what a proxy remembers
  /// of a server is wrong until it has looked at which one it is, which docs/protocol.md names as the one window
  /// known.)
  bool values = true;
  /// Prints what is executed on records, and each change that is written.
  bool trace = false;
  /// The first thing that went wrong; empty: nothing has.
  [[nodiscard]] const Bytes& wrong() const { return wrong_; }
  /// What the record is, as the server knows it; none: it is not there.
  static std::optional<Value> truth(Node& node, std::size_t record);
  static void set_truth(Node& node, std::size_t record, const std::optional<Value>& value);
  [[nodiscard]] std::uint64_t commands() const { return commands_; }
  [[nodiscard]] std::uint64_t highest_era() const { return highest_; }

 private:
  void executed(Node& node, const ModelRedis::Link& link, const Words& argv);
  void follow(Node& node, std::size_t record, const Bytes& name, const Words& argv);
  void in_order(Node& node, const ModelRedis::Link& link, const Words& argv);
  void say(Bytes what);

  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> eras_;  ///< by epoch and word
  std::uint64_t commands_ = 0, highest_ = 0;
  Bytes wrong_;
};

}  // namespace keyshift::simulation

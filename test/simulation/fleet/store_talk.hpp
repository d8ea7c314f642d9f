#pragma once
#include <optional>

#include "actor.hpp"
#include "control/control_record.hpp"
#include "control/flip.hpp"

namespace keyshift::simulation {

/// An actor that speaks with the store about its control record, in the same commands as driver/.
class StoreTalk : public Actor {
 public:
  using Actor::Actor;
  /// Words for changes; the world knows every change that was ever written.
  std::function<void(const control::Change&)> on_change;
  control::FlipNaive naive = control::FlipNaive::none;

 protected:
  Steps<Result<std::optional<control::ControlRecord>>> read_record();
  Steps<Result<std::optional<control::Change>>> read_key(Node* node);
  /// Compare-and-set; false: something had changed meanwhile.
  Steps<Result<bool>> set_key(Node* node, control::ChangeId seen, control::Change change);
  Steps<Result<bool>> set_record(control::FlipAsk ask);
  /// Brings the epoch key to `change` where its rule allows.
  Steps<Result<bool>> help(control::Change change);
  [[nodiscard]] Node* node_of(const std::string& name) const;

 private:
  Steps<Result<bool>> exec(Bytes slot, Node* node, Bytes write);
};

/// Carries one request with the shipped machine. Dropped at any moment it leaves what it left.
class Driver : public StoreTalk {
 public:
  Driver(Surroundings& around, Bytes name, control::ChangeRequest request);
  [[nodiscard]] const control::FlipAsk* asking() const { return ask_; }
  [[nodiscard]] const control::ChangeOutcome& outcome() const { return flip_.outcome(); }
  /// Which life of which server it has seen last.
  [[nodiscard]] const std::string& identity() const { return identity_; }
  std::size_t kills = 0;

 protected:
  Steps<bool> run() override;

 private:
  Steps<control::FlipAnswer> perform(control::FlipAsk ask);
  Steps<bool> nodes(control::FlipAnswer& out);
  Steps<bool> probe(control::FlipAsk ask, control::FlipAnswer& out);
  Steps<bool> look_or_kill(control::FlipAsk ask, control::FlipAnswer& out);
  control::Flip flip_;
  const control::FlipAsk* ask_ = nullptr;
  std::string identity_;
};

}  // namespace keyshift::simulation

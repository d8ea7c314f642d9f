#pragma once
#include <coroutine>
#include <functional>
#include <map>
#include <optional>

#include "base/result.hpp"
#include "control/steps.hpp"
#include "network.hpp"
#include "resp/encode.hpp"
#include "resp/reply.hpp"
#include "resp/reply_framer.hpp"

namespace keyshift::simulation {

using control::Steps;

/// What all processes of a world share.
struct Surroundings {
  Dice& dice;
  Cluster& cluster;
  Network& network;
  Time now{};
};

/// A connection of an actor: commands go out, whole replies are kept until somebody takes them.
class Channel final : public End {
 public:
  Channel(Surroundings& around, Node* node, const Bytes& name);
  ~Channel() override;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  void send(const Bytes& commands) { pipe_->to_server += commands; }
  [[nodiscard]] bool alive() const { return pipe_ != nullptr; }
  [[nodiscard]] std::size_t waiting() const { return replies_.size(); }
  Bytes take();
  void close();

  void connected() override {}
  void received(BytesView bytes) override;
  void lost(BytesView why) override;

 private:
  Surroundings& around_;
  Pipe* pipe_;
  resp::ReplyFramer framer_;
  Bytes part_;
  std::deque<Bytes> replies_;
  bool greeted_ = false;
};

/// A procedure that waits for replies and for time, as one coroutine: the scheduler resumes it when what it waits for
/// is there, and not before it likes. Destroying it ends it where it stands; its connections close.
class Actor {
 public:
  explicit Actor(Surroundings& around, Bytes name) : around_(around), name_(std::move(name)) {}
  virtual ~Actor() = default;
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  void start() {
    main_.emplace(run());
    main_->start();
  }
  [[nodiscard]] bool done() const { return main_ && main_->done(); }
  /// It could go on now.
  [[nodiscard]] bool able() const {
    return waiting_ && around_.now >= stopped_until && ((ready_ && ready_()) || around_.now >= due_);
  }
  void go_on() { std::exchange(waiting_, nullptr).resume(); }
  Time stopped_until{};

 protected:
  virtual Steps<bool> run() = 0;

  struct Until {
    Actor& actor;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> self) noexcept { actor.waiting_ = self; }
    void await_resume() const noexcept {}
  };
  Until until(Time due, std::function<bool()> ready = nullptr) {
    due_ = due;
    ready_ = std::move(ready);
    return Until{*this};
  }
  Until sleep(Duration how_long) { return until(around_.now + how_long); }

  /// The connection called `slot`, opened under `name` to the node, or to the primary's address, when none lives.
  Channel& channel(const Bytes& slot, Node* node, const Bytes& name);
  /// Sends and waits for that many replies; an error when the connection is lost, or after a second.
  Steps<Result<std::vector<resp::Reply>>> ask(Bytes slot, Node* node, Bytes commands, std::size_t replies);
  /// To the primary's address, as a control connection.
  Steps<Result<std::vector<resp::Reply>>> ask_primary(Bytes commands, std::size_t replies) {
    return ask("primary", nullptr, std::move(commands), replies);
  }
  [[nodiscard]] Bytes control_name() const { return "keyshift:" + name_ + ":ctl"; }

  Surroundings& around_;
  Bytes name_;
  std::map<Bytes, std::unique_ptr<Channel>> channels_;

 private:
  friend struct Until;
  std::coroutine_handle<> waiting_;
  std::function<bool()> ready_;
  Time due_{};
  std::optional<Steps<bool>> main_;  ///< last: ends before what it uses
};

/// One command as it goes out. (Lists in braces inside a coroutine are more than g++ 12 can take.)
template <class... Argument>
Bytes command(const Argument&... argv) {
  Bytes out;
  resp::append_command(out, {BytesView(argv)...});
  return out;
}

}  // namespace keyshift::simulation

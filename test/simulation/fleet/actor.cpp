#include "actor.hpp"

#include "resp/encode.hpp"

namespace keyshift::simulation {

Channel::Channel(Surroundings& around, Node* node, const Bytes& name)
    : around_(around), pipe_(&around.network.open(*this, node)) {
  send(command("HELLO", "2", "SETNAME", name));
}
Channel::~Channel() { close(); }

void Channel::close() {
  if (pipe_ != nullptr) around_.network.close(*std::exchange(pipe_, nullptr));
}

Bytes Channel::take() {
  Bytes out = std::move(replies_.front());
  replies_.pop_front();
  return out;
}

void Channel::received(BytesView bytes) {
  while (!bytes.empty()) {
    const auto fed = framer_.feed(bytes);
    part_.append(bytes.substr(0, fed.taken));
    bytes.remove_prefix(fed.taken);
    if (fed.step != resp::ReplyFramer::Step::whole) return;
    if (std::exchange(greeted_, true)) replies_.push_back(part_);
    part_.clear();
  }
}

void Channel::lost(BytesView) { pipe_ = nullptr; }

Channel& Actor::channel(const Bytes& slot, Node* node, const Bytes& name) {
  auto& found = channels_[slot];
  if (!found || !found->alive()) found = std::make_unique<Channel>(around_, node, name);
  return *found;
}

Steps<Result<std::vector<resp::Reply>>> Actor::ask(Bytes slot, Node* node, Bytes bytes, std::size_t replies) {
  Channel& to = channel(slot, node, control_name());
  to.send(bytes);
  co_await until(around_.now + seconds(1), [&to, replies] { return !to.alive() || to.waiting() >= replies; });
  std::vector<resp::Reply> out;
  while (out.size() < replies && to.waiting() > 0) {
    auto reply = resp::parse_reply(to.take());
    if (!reply) break;
    out.push_back(std::move(*reply));
  }
  if (out.size() == replies) co_return out;
  to.close();
  co_return fail(ErrorCode::store, "the connection was lost, or not answered");
}

}  // namespace keyshift::simulation

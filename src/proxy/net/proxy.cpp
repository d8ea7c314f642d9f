#include "proxy/net/proxy.hpp"

#include <unistd.h>

#include <random>
#include <thread>

#include "proxy/net/addresses.hpp"
#include "proxy/net/worker.hpp"

namespace keyshift::proxy {
namespace {

Key128 random_secret() {
  std::random_device device;
  Key128 secret;
  for (auto* half : {&secret.low, &secret.high}) *half = (std::uint64_t{device()} << 32) | device();
  return secret;
}

}  // namespace

struct Proxy::Impl {
  ProxyOptions options;
  std::shared_ptr<const control::Serving> serving;  ///< the last that turn() was given
  commands::Table table;
  std::atomic<std::size_t> clients{0};
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<std::thread> threads;
  std::vector<std::string> listeners;
  std::atomic<bool> listening{false}, draining{false};
};

Proxy::Proxy(ProxyOptions options) : impl_(std::make_unique<Impl>()) { impl_->options = std::move(options); }

Proxy::~Proxy() {
  for (auto& worker : impl_->workers) worker->request_stop();
  wait();
}

Result<void> Proxy::start() {
  const unsigned workers = std::max(1u, impl_->options.threads);
  const Key128 secret = random_secret();
  for (unsigned i = 0; i < workers; ++i)
    impl_->workers.push_back(std::make_unique<Worker>(impl_->options, secret, impl_->clients));
  for (const std::string& where : impl_->options.listen) {
    auto first = listen_at(where, workers > 1);
    if (!first) {
      impl_->workers.clear();
      return first.error();
    }
    impl_->listeners.push_back(first->address);
    impl_->workers.front()->listen_on(first->descriptor);
    for (unsigned i = 1; i < workers; ++i) {
      // TCP: a listener each, at the port that the first one got. A unix socket has one queue, which they share.
      if (where.rfind("unix:", 0) == 0) {
        impl_->workers[i]->listen_on(::dup(first->descriptor));
        continue;
      }
      const auto next = listen_at(first->address, true);
      if (!next) return next.error();
      impl_->workers[i]->listen_on(next->descriptor);
    }
  }
  if (impl_->serving)
    for (auto& worker : impl_->workers) worker->turn(impl_->serving);
  for (auto& worker : impl_->workers) impl_->threads.emplace_back([w = worker.get()] { w->run(); });
  impl_->listening = true;
  return {};
}

void Proxy::turn(std::shared_ptr<const control::Serving> serving) {
  impl_->serving = std::move(serving);
  for (auto& worker : impl_->workers) worker->turn(impl_->serving);
}

void Proxy::drain() {
  impl_->draining = true;
  impl_->listening = false;
  for (auto& worker : impl_->workers) worker->request_drain();
}

void Proxy::wait() {
  for (std::thread& thread : impl_->threads)
    if (thread.joinable()) thread.join();
}

StatusSnapshot Proxy::status() const {
  StatusSnapshot snapshot;
  snapshot.listening = impl_->listening;
  snapshot.draining = impl_->draining;
  snapshot.listeners = impl_->listeners;
  for (const auto& worker : impl_->workers) {
    snapshot.client_connections += worker->sessions();
    snapshot.upstream_connections += worker->upstreams();
  }
  return snapshot;
}

std::vector<const EngineCounters*> Proxy::counters() const {
  std::vector<const EngineCounters*> out;
  for (const auto& worker : impl_->workers) out.push_back(&worker->counters());
  return out;
}

const commands::Table& Proxy::table() const noexcept { return impl_->table; }
const ProxyOptions& Proxy::options() const noexcept { return impl_->options; }

}  // namespace keyshift::proxy

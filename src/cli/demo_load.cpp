#include "cli/demo_load.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <new>
#include <thread>

namespace keyshift::cli::demo {
namespace {

constexpr unsigned most_clients = 64;
/// Between two steps of one client: 1,000 a second.
constexpr auto pace = milliseconds(1);
/// Every so many steps one goes past the proxy.
constexpr std::uint64_t direct_every = 8;
constexpr milliseconds patient = seconds(30), impatient = seconds(1);
/// Until a proxy is looked for again where none answered.
constexpr auto look_again = milliseconds(20);

std::string slice_file(const LoadOptions& options, unsigned number) {
  return options.directory + "/slice-" + std::to_string(number) + ".tsv";
}

}  // namespace

struct Load::Shared {
  std::atomic<bool> stop;
  std::atomic<Names> names;
  DoorCounts doors[proxies];
  LoadCounts clients[most_clients];
};

void Load::Unmap::operator()(Shared* shared) const noexcept { ::munmap(shared, bytes); }

Result<Load> Load::start(const LoadOptions& options) {
  if (options.clients > most_clients)
    return fail(ErrorCode::usage, "at most " + std::to_string(most_clients) + " clients");
  constexpr std::size_t bytes = sizeof(Shared);
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return fail(ErrorCode::system, std::string("mmap: ") + std::strerror(errno));
  Load out(options, {new (memory) Shared(), Unmap{bytes}});
  for (unsigned number = 0; number < options.clients; ++number) {
    auto child = Child::fork([&out, number] { return out.client(number); });
    if (!child) return child.error();
    out.children_.push_back(std::move(*child));
  }
  return Result<Load>(boost::system::in_place_value, std::move(out));
}

/// The whole life of a client's process.
int Load::client(unsigned number) {
  auto redis = Redis::connect(options_.redis_port);
  if (!redis) return trouble(number, redis.error().what);
  if (is_error(redis->ask({"CLIENT", "SETNAME", direct_name}))) return trouble(number, "CLIENT SETNAME failed");
  return work(number, std::move(*redis));
}

int Load::work(unsigned number, Redis redis) {
  LoadCounts& counts = shared_->clients[number];
  const Dataset inside{options_.epoch_ms, false}, outside{options_.epoch_ms, true};
  const auto part = [&](unsigned n) { return options_.records * n / options_.clients; };
  Slice through(inside, part(number), part(number + 1), counts, counts.through);
  Slice direct(outside, number * outside_per_client, (number + 1) * outside_per_client, counts, counts.direct);
  Door door(options_.proxy_ports, shared_->doors, number % proxies, number / proxies % 2 == 0 ? patient : impatient);
  std::mt19937_64 random(number + 1);
  Time next = std::chrono::steady_clock::now();
  for (std::uint64_t steps = 0; !shared_->stop.load(std::memory_order_relaxed); ++steps) {
    if (steps % direct_every == 0) {
      if (direct.step(redis, random) != StepEnd::answered) return trouble(number, "past the proxy: " + redis.trouble());
    } else if (Redis* const proxy = door.open(); proxy != nullptr) {
      door.ended(through.step(*proxy, random));
    } else {
      std::this_thread::sleep_for(look_again);
    }
    next = std::max(next + pace, std::chrono::steady_clock::now());
    std::this_thread::sleep_until(next);
  }
  std::ofstream file(slice_file(options_, number), std::ios::binary);
  through.write_expected(file, shared_->names);
  direct.write_expected(file, shared_->names);
  return file.flush() ? 0 : trouble(number, slice_file(options_, number) + ": cannot be written");
}

int Load::trouble(unsigned number, const std::string& what) {
  LoadCounts& counts = shared_->clients[number];
  std::strncpy(counts.problem, what.c_str(), sizeof counts.problem - 1);
  counts.errors.fetch_add(1);
  return 1;
}

LoadTotals Load::totals() const {
  LoadTotals out;
  for (unsigned i = 0; i < proxies; ++i) {
    const DoorCounts& door = shared_->doors[i];
    out.doors[i] = {door.unsure.load(), door.cut.load(), door.late.load(), door.clients.load()};
  }
  for (unsigned number = 0; number < options_.clients; ++number) {
    const LoadCounts& counts = shared_->clients[number];
    out.reads += counts.reads.load();
    out.writes += counts.writes.load();
    out.errors += counts.errors.load();
    out.wrong += counts.wrong.load();
    counts.through.add_to(out.through);
    counts.direct.add_to(out.direct);
    // The count is raised behind the text.
    if (out.problem.empty() && counts.errors.load() + counts.wrong.load() > 0) out.problem = counts.problem;
  }
  return out;
}

bool Load::running() {
  for (Child& child : children_)
    if (!child.running()) return false;
  return true;
}

bool Load::finish(Names names) {
  shared_->names.store(names);
  shared_->stop.store(true);
  bool fine = true;
  for (Child& child : children_) fine = child.wait() == 0 && fine;
  return fine;
}

Result<void> Load::collect(const std::string& file) const {
  std::ofstream out(file, std::ios::binary);
  for (unsigned number = 0; number < options_.clients; ++number) {
    std::ifstream in(slice_file(options_, number), std::ios::binary);
    if (!(out << in.rdbuf())) return fail(ErrorCode::file, file + ": the clients' notes cannot be put together");
  }
  if (!out.flush()) return fail(ErrorCode::file, file + ": cannot be written");
  return {};
}

}  // namespace keyshift::cli::demo

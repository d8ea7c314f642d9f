#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <stdexcept>

#include "build.hpp"
#include "world.hpp"

using namespace keyshift::history;

namespace {

constexpr Instant ms = 1'000'000;

Operation operation_of(std::uint32_t client, Instant begin, Instant end, Words command, Reply reply) {
  Operation operation;
  operation.client = client;
  operation.begin = begin;
  operation.end = end;
  operation.commands = {std::move(command)};
  operation.replies = {std::move(reply)};
  return operation;
}

void forget_outcome(Operation& operation) {
  operation.end = never;
  operation.replies.clear();
}

/// A history of the sequential model: operation i takes effect at i ms, begins up to `overlap` ms before and ends up to
/// so much behind. One in `lossy` loses its reply, and then takes effect late or not at all.
History overlapping(std::uint64_t seed, int count, int overlap, int lossy) {
  Commands commands(seed, 3, true);
  World world(3);
  History history, late;
  for (int i = 0; i < count; ++i) {
    const Instant at = (i + overlap) * ms;
    const auto away = [&] { return commands.number(overlap * 1000 + 1) * 1000; };
    for (auto& waiting : late)
      if (waiting.begin <= at && waiting.line == 0 && commands.number(4) == 0) {
        world.run(waiting.commands[0], at);
        waiting.line = 1;
      }
    Operation operation = operation_of(static_cast<std::uint32_t>(i), at - away(), at + away(), commands.next(), {});
    if (lossy > 0 && commands.number(lossy) == 0) {
      forget_outcome(operation);
      late.push_back(operation);
      late.back().line = commands.number(2) == 0 ? 2 : 0;  // 2: never
    } else {
      operation.replies = {world.run(operation.commands[0], at)};
    }
    history.push_back(std::move(operation));
  }
  return history;
}

/// In time, or on the same connection.
bool must_precede(const History& history, std::size_t one, std::size_t other) {
  const Operation &a = history[one], &b = history[other];
  return a.end < b.begin || (a.known() && a.client == b.client && one < other && a.begin <= b.begin);
}

/// Judges by trying every order, as a check of the search: slow and plain.
bool some_order_fits(const History& history) {
  std::vector<bool> done(history.size());
  std::function<bool(const State&)> go = [&](const State& state) {
    bool all = true;
    for (std::size_t i = 0; i < history.size(); ++i) all = all && (done[i] || !history[i].known());
    if (all) return true;
    for (std::size_t i = 0; i < history.size(); ++i) {
      if (done[i]) continue;
      bool first = true;
      for (std::size_t j = 0; j < history.size(); ++j)
        first = first && (done[j] || j == i || !must_precede(history, j, i));
      if (!first) continue;
      World world(3);
      world.state() = state;
      const Reply reply = world.run(history[i].commands[0], 0);
      if (history[i].known() && !(reply == history[i].replies[0])) continue;
      done[i] = true;
      const bool fits = go(world.state());
      done[i] = false;
      if (fits) return true;
    }
    return false;
  };
  return go(State(3));
}

/// A server with one fault; `broke` is set when the fault has happened.
struct Faulty {
  const char* name;
  Reply (*run)(World&, const Words&, Instant, const State& older, int chance, bool& broke);
};

bool writes(const Words& words, const Reply& reply) { return !without_effect(*find_command(words), words, reply); }

const Faulty faults[] = {
    {"a write is lost",
     [](World& world, const Words& words, Instant now, const State&, int chance, bool& broke) {
       const State before = world.state();
       Reply reply = world.run(words, now);
       if (chance == 0 && writes(words, reply)) world.state() = before, broke = true;
       return reply;
     }},
    {"a write has its effect twice",
     [](World& world, const Words& words, Instant now, const State&, int chance, bool& broke) {
       Reply reply = world.run(words, now);
       if (chance == 0 && (words[0] == "INCR" || words[0] == "APPEND") && !reply.error())
         world.run(words, now), broke = true;
       return reply;
     }},
    {"an older state is read",
     [](World& world, const Words& words, Instant now, const State& older, int chance, bool& broke) {
       if (chance != 0 || (words[0] != "GET" && words[0] != "MGET")) return world.run(words, now);
       World past(3);
       past.state() = older;
       broke = true;
       return past.run(words, now);
     }},
    {"what was deleted returns",
     [](World& world, const Words& words, Instant now, const State& older, int chance, bool& broke) {
       Reply reply = world.run(words, now);
       if (chance == 0 && words[0] == "DEL" && !reply.zero()) world.state() = older, broke = true;
       return reply;
     }},
};

/// Replies of a sequential history, compared with a server that has no fault.
bool differs_from_the_model(const History& history) {
  World world(3);
  for (const Operation& operation : history)
    if (!(world.run(operation.commands[0], operation.begin) == operation.replies[0])) return true;
  return false;
}

/// Changes one reply to what another one said.
void mutate(History& history, std::mt19937_64& random) {
  Operation& operation = history[random() % history.size()];
  const Operation& other = history[random() % history.size()];
  if (operation.known() && other.known()) operation.replies = other.replies;
}

}  // namespace

TEST_CASE("What the model did in some order is linearizable, whatever overlaps") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    CHECK(Builder::verdict_of(overlapping(seed, 150, 1 + static_cast<int>(seed % 8), 0)).linearizable());
  }
}

TEST_CASE("What the model did is linearizable where outcomes are unknown and effects come late or never") {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    CAPTURE(seed);
    const Verdict verdict = Builder::verdict_of(overlapping(seed, 60, 1 + static_cast<int>(seed % 4), 12));
    CHECK(verdict.violations.empty());
    CHECK(verdict.undecided.empty());
  }
}

TEST_CASE("The search agrees with trying every order") {
  int yes = 0, no = 0;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    Commands commands(seed, 3, false);
    World world(3);
    History history;
    for (int i = 0; i < 6; ++i) {
      const Instant at = i * ms;
      Words command = commands.next();
      Reply reply = world.run(command, 0);
      history.push_back(operation_of(static_cast<std::uint32_t>(i), at - commands.number(2500) * 1000,
                                     at + commands.number(2500) * 1000, std::move(command), std::move(reply)));
      if (commands.number(6) == 0) forget_outcome(history.back());
    }
    for (int i = 0; i < commands.number(3); ++i) mutate(history, commands.random);
    const bool fits = some_order_fits(history);
    (fits ? yes : no) += 1;
    CAPTURE(seed);
    CHECK(Builder::verdict_of(history).linearizable() == fits);
  }
  CHECK(yes > 500);
  CHECK(no > 500);
}

TEST_CASE("The search agrees with trying every order where clients send several commands at once") {
  int yes = 0, no = 0;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    Commands commands(seed, 1 + static_cast<int>(seed % 2), false);
    World world(3);
    History history;
    for (int i = 0; i < 7; ++i) {
      Words command = commands.next();
      Reply reply = world.run(command, 0);
      // Three clients; what one of them sends at once begins and ends together.
      const auto client = static_cast<std::uint32_t>(commands.number(3));
      const Instant batch = i / 4 * 10 * ms;
      history.push_back(operation_of(client, batch + client * 1000, batch + (seed % 4 == 0 ? 20 : 9) * ms,
                                     std::move(command), std::move(reply)));
      if (commands.number(10) == 0) forget_outcome(history.back());
    }
    for (int i = 0; i < commands.number(3); ++i) mutate(history, commands.random);
    const bool fits = some_order_fits(history);
    (fits ? yes : no) += 1;
    CAPTURE(seed);
    CHECK(Builder::verdict_of(history).linearizable() == fits);
  }
  CHECK(yes > 500);
  CHECK(no > 500);
}

TEST_CASE("A server with a fault is found out as soon as a reply shows it") {
  for (const Faulty& fault : faults) {
    CAPTURE(fault.name);
    int shown = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      Commands commands(seed, 3, false);
      World world(3);
      History history;
      State older(3);
      bool broke = false;
      for (int i = 0; i < 80; ++i) {
        Words command = commands.next();
        const State before = world.state();
        Reply reply = fault.run(world, command, i * ms, older, commands.number(15), broke);
        if (commands.number(3) == 0) older = before;
        history.push_back(operation_of(1, i * ms, i * ms + 1000, std::move(command), std::move(reply)));
      }
      const bool wrong = differs_from_the_model(history);
      shown += wrong ? 1 : 0;
      CAPTURE(seed);
      CHECK(Builder::verdict_of(history).linearizable() == !wrong);
    }
    CHECK(shown > 20);
  }
}

TEST_CASE("A fault among operations that overlap is found out by the reads behind it") {
  int shown = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    History history = overlapping(seed, 80, 4, 0);
    const Instant behind = 1'000 * ms;
    // A value that nobody wrote, one that was overwritten for good, a record back from the dead.
    history.push_back(operation_of(900, behind, behind + ms, {"SET", "a", "last"}, ok()));
    const bool deleted = seed % 2 == 0;
    if (deleted) history.push_back(operation_of(900, behind + 2 * ms, behind + 3 * ms, {"DEL", "a"}, integer(1)));
    CHECK(Builder::verdict_of(history).linearizable());
    history.push_back(
        operation_of(901, behind + 4 * ms, behind + 5 * ms, {"GET", "a"}, deleted ? text("last") : Reply{}));
    shown += Builder::verdict_of(history).violations.size() == 1 ? 1 : 0;
  }
  CHECK(shown == 100);
}

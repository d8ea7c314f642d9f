#include <hiredis/hiredis.h>

#include <cstdio>
#include <memory>

#include "load.hpp"
#include "mix.hpp"

namespace keyshift::history {

namespace {

/// One connection to the server itself, one command after another.
class Direct {
 public:
  Direct(const Options& options, Journal& journal)
      : options_(options), journal_(journal), context_(redisConnect("127.0.0.1", options.ports[0].number), redisFree) {}

  [[nodiscard]] bool connected() const { return context_ && context_->err == 0; }

  /// The reply to the words as they are; an error when the connection is lost.
  Reply ask(const Words& words) {
    std::vector<const char*> argv;
    std::vector<std::size_t> lengths;
    for (const auto& word : words) argv.push_back(word.data()), lengths.push_back(word.size());
    void* reply = redisCommandArgv(context_.get(), static_cast<int>(words.size()), argv.data(), lengths.data());
    if (!reply) return error("LOST");
    Reply found = reply_of(*static_cast<redisReply*>(reply));
    freeReplyObject(reply);
    return found;
  }

  /// Sends the request with the names of `side` and records it.
  void record(const Request& request, Side side) {
    Operation operation;
    operation.client = options_.first_client;
    operation.commands = {request.words};
    Words words = request.words;
    for (std::size_t i = 0; i < request.key_at.size(); ++i) words[request.key_at[i]] = request.records[i]->name(side);
    operation.begin = now();
    operation.replies = {ask(words)};
    operation.end = now();
    journal_.known(operation);
  }

 private:
  const Options& options_;
  Journal& journal_;
  std::unique_ptr<redisContext, void (*)(redisContext*)> context_;
};

Words reading(Kind kind, const std::string& name) {
  switch (kind) {
    case Kind::hash:
      return {"HGETALL", name};
    case Kind::list:
      return {"LRANGE", name, "0", "-1"};
    case Kind::set:
      return {"SMEMBERS", name};
    case Kind::string:
    case Kind::counter:
    case Kind::group:
      break;
  }
  return {"GET", name};
}

}  // namespace

bool fill(const Options& options, Journal& journal) {
  Direct direct(options, journal);
  if (!direct.connected()) return false;
  const auto units = units_of(options);
  Mix mix(options, units);
  for (const Unit& unit : units)
    for (const Request& request : mix.first_value(unit)) direct.record(request, options.ports[0].side);
  return direct.connected();
}

bool read_back(const Options& options, Journal& journal) {
  Direct direct(options, journal);
  if (!direct.connected()) return false;
  bool fine = true;
  for (const Unit& unit : units_of(options)) {
    for (const Record& record : unit.records) {
      const bool older = !direct.ask({"EXISTS", record.older}).zero();
      const bool newer = !direct.ask({"EXISTS", record.newer}).zero();
      if (older && newer && record.older != record.newer) {
        std::fprintf(stderr, "two names: %s and %s\n", record.older.c_str(), record.newer.c_str());
        fine = false;
      }
      const Side side = newer ? Side::newer : Side::older;
      direct.record({reading(unit.kind, record.older), {1}, {&record}}, side);
      direct.record({{"PTTL", record.older}, {1}, {&record}}, side);
    }
  }
  return fine && direct.connected();
}

}  // namespace keyshift::history

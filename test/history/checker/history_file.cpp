#include "history_file.hpp"

#include <nlohmann/json.hpp>

namespace keyshift::history {

namespace {

using nlohmann::json;

Reply reply_of(const json& from) {
  if (from.is_null()) return {};
  if (from.is_number_integer()) return integer(from.get<std::int64_t>());
  if (from.is_string()) return text(from.get<std::string>());
  if (from.is_object() && from.contains("status")) return status(from.at("status").get<std::string>());
  if (from.is_object() && from.contains("error")) {
    const auto words = from.at("error").get<std::string>();
    return error(words.substr(0, words.find(' ')));
  }
  std::vector<Reply> elements;
  for (const auto& element : from.get<std::vector<json>>()) elements.push_back(reply_of(element));
  return array(std::move(elements));
}

json json_of(const Reply& reply) {
  switch (reply.kind) {
    case Reply::Kind::null:
      return nullptr;
    case Reply::Kind::integer:
      return reply.number;
    case Reply::Kind::text:
      return reply.text;
    case Reply::Kind::status:
      return {{"status", reply.text}};
    case Reply::Kind::error:
      return {{"error", reply.text}};
    case Reply::Kind::array:
      break;
  }
  json out = json::array();
  for (const Reply& element : reply.elements) out.push_back(json_of(element));
  return out;
}

Operation operation_of(const json& from) {
  Operation to;
  to.client = from.at("client").get<std::uint32_t>();
  to.proxy = from.value("proxy", -1);
  to.begin = from.at("begin").get<Instant>();
  to.transaction = from.contains("commands");
  if (to.transaction)
    to.commands = from.at("commands").get<std::vector<Words>>();
  else
    to.commands.push_back(from.at("command").get<Words>());
  if (from.contains("unknown")) {
    to.note = from.at("unknown").get<std::string>();
    return to;
  }
  to.end = from.at("end").get<Instant>();
  if (!to.transaction) {
    to.replies.push_back(reply_of(from.at("reply")));
    return to;
  }
  for (const auto& reply : from.at("replies")) to.replies.push_back(reply_of(reply));
  return to;
}

const char* fault_of(const Operation& operation) {
  if (operation.end < operation.begin) return "it ends before it begins";
  if (operation.commands.empty()) return "it has no command";
  if (operation.known() && operation.replies.size() != operation.commands.size())
    return "it has not one reply per command";
  for (const auto& words : operation.commands)
    if (words.empty()) return "a command has no words";
  return nullptr;
}

}  // namespace

std::optional<Recorded> read_history(std::istream& in, std::string& wrong) {
  Recorded recorded;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (line.empty() || line[0] == '#') continue;
    try {
      const json parsed = json::parse(line);
      if (parsed.contains("keyshift-history")) {
        if (parsed.at("keyshift-history") == 1) continue;
        wrong = "line " + std::to_string(number) + ": this version of the format is not known here";
        return std::nullopt;
      }
      if (parsed.contains("refused")) {
        ++recorded.refused;
        continue;
      }
      recorded.operations.push_back(operation_of(parsed));
      recorded.operations.back().line = number;
      if (const char* fault = fault_of(recorded.operations.back())) {
        wrong = "line " + std::to_string(number) + ": " + fault;
        return std::nullopt;
      }
    } catch (const json::exception& fault) {
      wrong = "line " + std::to_string(number) + ": " + fault.what();
      return std::nullopt;
    }
  }
  return recorded;
}

std::string to_json(const Operation& operation) {
  json out = {{"client", operation.client}, {"proxy", operation.proxy}, {"begin", operation.begin}};
  json replies = json::array();
  for (const Reply& reply : operation.replies) replies.push_back(json_of(reply));
  if (operation.transaction)
    out["commands"] = operation.commands;
  else
    out["command"] = operation.commands.front();
  if (!operation.known())
    out["unknown"] = operation.note;
  else {
    out["end"] = operation.end;
    out[operation.transaction ? "replies" : "reply"] = operation.transaction ? replies : replies.front();
  }
  return out.dump();
}

}  // namespace keyshift::history

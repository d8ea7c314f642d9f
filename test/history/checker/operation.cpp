#include "operation.hpp"

namespace keyshift::history {

namespace {

std::string joined(const Words& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

}  // namespace

std::string show(const Operation& operation) {
  std::string out;
  for (std::size_t i = 0; i < operation.commands.size(); ++i) {
    if (i > 0) out += "; ";
    out += joined(operation.commands[i]);
    if (i < operation.replies.size()) out += " -> " + show(operation.replies[i]);
  }
  if (operation.transaction) out = "MULTI [" + out + "]";
  if (!operation.known()) out += " -> unknown (" + (operation.note.empty() ? "no reply" : operation.note) + ")";
  return out;
}

}  // namespace keyshift::history

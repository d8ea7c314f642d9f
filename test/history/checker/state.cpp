#include "state.hpp"

#include <cstdio>
#include <functional>

namespace keyshift::history {

std::size_t hash_of(const State& state) noexcept {
  std::size_t hash = 1469598103934665603U;
  const auto mix = [&hash](std::size_t value) { hash = (hash ^ value) * 1099511628211U + (hash >> 29); };
  for (const Value& value : state) {
    mix(static_cast<std::size_t>(value.type));
    mix(static_cast<std::size_t>(value.deadline_from));
    mix(static_cast<std::size_t>(value.deadline_to));
    for (const auto& part : value.parts) mix(std::hash<std::string>{}(part));
  }
  return hash;
}

namespace {

std::string milliseconds(Instant instant, Instant origin) {
  if (instant == never) return "never";
  char text[40];
  std::snprintf(text, sizeof text, "%.3f", static_cast<double>(instant - origin) / 1e6);
  return text;
}

const char* const type_names[] = {"absent", "", "hash ", "list ", "set "};

}  // namespace

std::string show(const Value& value, Instant origin) {
  std::string out = type_names[static_cast<std::size_t>(value.type)];
  if (value.type == Value::Type::string)
    out += '"' + value.parts.front() + '"';
  else if (value.exists()) {
    out += '[';
    for (std::size_t i = 0; i < value.parts.size(); ++i) out += (i > 0 ? " " : "") + value.parts[i];
    out += ']';
  }
  if (value.expires())
    out += " expiring between " + milliseconds(value.deadline_from, origin) + " and " +
           milliseconds(value.deadline_to, origin) + " ms";
  return out;
}

}  // namespace keyshift::history

#include <array>
#include <nlohmann/json.hpp>

#include "observe/log.hpp"

namespace keyshift::observe {
namespace {

constexpr std::array<std::string_view, 4> severities{"debug", "info", "warning", "error"};
constexpr std::size_t longest_text = 512;

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

std::string quoted_if_needed(std::string_view text) {
  std::string plain = printable(text, longest_text);
  if (!plain.empty() && plain.find_first_of(" =\"") == std::string::npos) return plain;
  std::string out = "\"";
  for (const char c : plain) {
    if (c == '"') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string as_text(const Field& field) {
  return std::visit(Overloaded{[](std::string_view text) { return quoted_if_needed(text); },
                               [](bool yes) { return std::string(yes ? "true" : "false"); },
                               [](double number) { return nlohmann::json(number).dump(); },
                               [](auto number) { return std::to_string(number); }},
                    field.value);
}

nlohmann::ordered_json as_json(const Field& field) {
  return std::visit(
      Overloaded{[](std::string_view text) { return nlohmann::ordered_json(printable(text, longest_text)); },
                 [](auto value) { return nlohmann::ordered_json(value); }},
      field.value);
}

}  // namespace

std::string_view name(Severity severity) noexcept { return severities[static_cast<std::size_t>(severity)]; }

std::optional<Severity> severity_of(std::string_view name_of_severity) noexcept {
  for (std::size_t i = 0; i < severities.size(); ++i)
    if (severities[i] == name_of_severity) return static_cast<Severity>(i);
  return std::nullopt;
}

std::optional<LogFormat> log_format_of(std::string_view name_of_format) noexcept {
  if (name_of_format == "text") return LogFormat::text;
  if (name_of_format == "json") return LogFormat::json;
  return std::nullopt;
}

std::string text_line(std::string_view message, std::initializer_list<Field> fields) {
  std::string out = printable(message, longest_text);
  for (const Field& field : fields) out.append(" ").append(field.name).append("=").append(as_text(field));
  return out;
}

std::string json_line(std::string_view time, Severity severity, std::string_view message,
                      std::initializer_list<Field> fields) {
  nlohmann::ordered_json out{{"time", time}, {"level", name(severity)}, {"message", printable(message, longest_text)}};
  for (const Field& field : fields) out[std::string(field.name)] = as_json(field);
  return out.dump();
}

std::optional<std::uint64_t> RateLimit::admit(Time now) noexcept {
  if (!begun_ || now - second_ >= seconds(1)) {
    begun_ = true;
    second_ = now;
    written_ = 0;
  }
  if (written_ >= most_) {
    ++left_out_;
    return std::nullopt;
  }
  ++written_;
  return std::exchange(left_out_, 0);
}

}  // namespace keyshift::observe

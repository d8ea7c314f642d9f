#pragma once
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/errors.hpp"

namespace keyshift::observe {

/// One fact beside the message. Names are ours; a text may come from a peer and is printed by printable(). Values of
/// records, passwords and whole requests never become a field; a key name may.
struct Field {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool> value;

  Field(std::string_view n, std::string_view text) : name(n), value(text) {}
  Field(std::string_view n, const std::string& text) : name(n), value(std::string_view(text)) {}
  Field(std::string_view n, const char* text) : name(n), value(std::string_view(text)) {}
  Field(std::string_view n, std::uint64_t number) : name(n), value(number) {}
  Field(std::string_view n, std::uint32_t number) : name(n), value(std::uint64_t{number}) {}
  Field(std::string_view n, std::int64_t number) : name(n), value(number) {}
  Field(std::string_view n, int number) : name(n), value(std::int64_t{number}) {}
  Field(std::string_view n, double number) : name(n), value(number) {}
  Field(std::string_view n, bool yes) : name(n), value(yes) {}
};

enum class LogFormat : std::uint8_t { text, json };

std::optional<LogFormat> log_format_of(std::string_view name) noexcept;
std::optional<Severity> severity_of(std::string_view name) noexcept;
std::string_view name(Severity severity) noexcept;

/// What follows time and severity on a line: `message name=value ...`, texts with blanks, '=' or quotes in quotes.
std::string text_line(std::string_view message, std::initializer_list<Field> fields);
/// The whole line as one JSON object: time, level, message, then the fields. `time` is written as it is.
std::string json_line(std::string_view time, Severity severity, std::string_view message,
                      std::initializer_list<Field> fields);

/// The log of a process: one line per event, on standard error. All calls may come from any thread; never throws.
class Log {
 public:
  Log(LogFormat format, Severity least);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void write(Severity severity, std::string_view message, std::initializer_list<Field> fields = {}) noexcept;
  void info(std::string_view message, std::initializer_list<Field> fields = {}) noexcept {
    write(Severity::info, message, fields);
  }
  void warning(std::string_view message, std::initializer_list<Field> fields = {}) noexcept {
    write(Severity::warning, message, fields);
  }
  void error(std::string_view message, std::initializer_list<Field> fields = {}) noexcept {
    write(Severity::error, message, fields);
  }

  /// Lines below `least` are left out. May change while the program runs.
  void set_level(Severity least) noexcept;
  [[nodiscard]] Severity level() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Keeps one site of the program from filling the log: at most `most` lines a second. One per site; one thread.
class RateLimit {
 public:
  explicit RateLimit(std::uint32_t most) : most_(most) {}

  /// nullopt: leave this one out. Else write it, and say how many were left out since the last one that was written.
  std::optional<std::uint64_t> admit(Time now) noexcept;

 private:
  std::uint32_t most_;
  std::uint32_t written_ = 0;
  std::uint64_t left_out_ = 0;
  Time second_{};
  bool begun_ = false;
};

}  // namespace keyshift::observe

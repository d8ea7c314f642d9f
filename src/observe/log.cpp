#include "observe/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <ctime>

namespace keyshift::observe {
namespace {

spdlog::level::level_enum level_of(Severity severity) {
  switch (severity) {
    case Severity::debug:
      return spdlog::level::debug;
    case Severity::info:
      return spdlog::level::info;
    case Severity::warning:
      return spdlog::level::warn;
    case Severity::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

/// RFC 3339 in UTC with milliseconds.
std::string timestamp() {
  const auto now = std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
  const auto whole = std::chrono::time_point_cast<seconds>(now);
  const std::time_t time = std::chrono::system_clock::to_time_t(whole);
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  char text[32];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  const std::string fraction = std::to_string(1000 + (now - whole).count() % 1000);
  return std::string(text, length) + '.' + fraction.substr(1) + 'Z';
}

}  // namespace

struct Log::Impl {
  LogFormat format;
  spdlog::logger logger;
};

Log::Log(LogFormat format, Severity least)
    : impl_(std::make_unique<Impl>(
          Impl{format, spdlog::logger("keyshift", std::make_shared<spdlog::sinks::stderr_sink_mt>())})) {
  impl_->logger.set_pattern("%v");
  impl_->logger.flush_on(spdlog::level::debug);
  set_level(least);
}

Log::~Log() = default;

void Log::write(Severity severity, std::string_view message, std::initializer_list<Field> fields) noexcept {
  if (!impl_->logger.should_log(level_of(severity))) return;
  try {
    const std::string time = timestamp();
    const std::string line = impl_->format == LogFormat::json
                                 ? json_line(time, severity, message, fields)
                                 : time + ' ' + std::string(name(severity)) + ' ' + text_line(message, fields);
    impl_->logger.log(level_of(severity), spdlog::string_view_t(line.data(), line.size()));
  } catch (const std::exception&) {
    // No memory for a line of the log: the work goes on without it.
  }
}

void Log::set_level(Severity least) noexcept { impl_->logger.set_level(level_of(least)); }

Severity Log::level() const noexcept {
  switch (impl_->logger.level()) {
    case spdlog::level::warn:
      return Severity::warning;
    case spdlog::level::info:
      return Severity::info;
    case spdlog::level::trace:
    case spdlog::level::debug:
      return Severity::debug;
    default:
      return Severity::error;
  }
}

}  // namespace keyshift::observe

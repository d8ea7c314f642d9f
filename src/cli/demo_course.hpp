#pragma once
#include <functional>
#include <optional>

#include "cli/demo_fleet.hpp"
#include "cli/demo_report.hpp"

namespace keyshift::cli::demo {

struct CourseOptions {
  std::uint64_t records = 1'000'000, seconds = 15, clients = 8;
  Names until = Names::old;  ///< there and back again, or to the cutover only
};

/// The demo from its start to its report: a Redis, proxies, clients, and an operator who takes them through a migration
/// while one proxy is killed and one is stopped. Everything that it starts ends with it.
class Course {
 public:
  using Say = std::function<void(const std::string&)>;
  /// `say` gets lines for people, one each `show_every` and one for each thing that is done. `directory` outlives it.
  Course(CourseOptions options, const WorkDirectory& directory, Duration show_every, Say say);

  /// Error `system` where it cannot be carried through; whether it passed says the report.
  Result<void> run();
  [[nodiscard]] const Report& report() const noexcept { return report_; }
  /// What is still up: for people who want to look around.
  [[nodiscard]] std::string places() const;

 private:
  using Step = Result<void> (Course::*)();
  Result<void> fill_server();
  Result<void> start_fleet();
  Result<void> apply();
  Result<void> back_up();
  Result<void> start_with_one_stopped();
  Result<void> migrate_with_one_killed();
  Result<void> verify();
  Result<void> cut_over();
  Result<void> roll_back();
  Result<void> end_load();
  Result<void> ask_verdict();

  Result<void> type(std::vector<std::string> words);
  Result<void> take(std::vector<std::string> words);
  Result<void> wait(Duration how_long);
  Result<void> until_clean(Moved& moved, std::uint64_t moved_before, const std::function<Result<void>()>& meanwhile);
  Result<bool> look_at_store(Moved& moved, std::uint64_t moved_before);
  Result<void> kill_one();
  Result<void> tick();
  void enter(const std::string& phase);
  [[nodiscard]] double now() const;
  [[nodiscard]] std::string moment() const;
  [[nodiscard]] std::string expected_file() const { return directory_.file("expected.tsv"); }
  [[nodiscard]] std::string migration_file() const { return directory_.file("migration.yaml"); }

  CourseOptions options_;
  const WorkDirectory& directory_;
  Duration show_every_;
  Say say_;
  RedisServer redis_;
  std::optional<Fleet> fleet_;
  std::optional<Load> load_;
  std::optional<Terminal> terminal_;
  std::int64_t epoch_ms_ = 0;
  Time begun_{}, shown_{}, looked_{}, entered_{};
  std::string phase_ = "no run";
  std::uint64_t moved_now_ = 0;  ///< of the direction that is under way
  LoadTotals shown_totals_;
  Report report_;
};

}  // namespace keyshift::cli::demo

#include "control/preflight.hpp"

#include <algorithm>
#include <charconv>

#include "resp/info_field.hpp"

namespace keyshift::control {
namespace {

using resp::info_field;

constexpr std::size_t kShown = 5;             // of a list, in words
constexpr std::uint64_t kLag = 16u << 20;     // bytes of the replication stream
constexpr std::uint64_t kSlowFork = 500'000;  // microseconds
constexpr std::chrono::milliseconds kClock{1000}, kWait{200};

std::uint64_t number(std::string_view text) noexcept {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool too_old(std::string_view version) noexcept {
  const std::uint64_t major = number(version),
                      minor = number(version.substr(std::min(version.find('.'), version.size() - 1) + 1));
  return !version.empty() && (major < 6 || (major == 6 && minor < 2));
}

/// "a; b; and 7 more".
std::string some(const std::vector<std::string>& list) {
  std::string out;
  for (std::size_t i = 0; i < std::min(list.size(), kShown); ++i) out += (i == 0 ? "" : "; ") + list[i];
  return list.size() > kShown ? out + "; and " + std::to_string(list.size() - kShown) + " more" : out;
}

class Judge {
 public:
  explicit Judge(const PreflightFacts& facts) : facts_(facts) {}

  std::vector<Found> judge() {
    if (facts_.unreachable) {
      add(Finding::unreachable, *facts_.unreachable);
      return std::move(found_);
    }
    server();
    replication();
    persistence();
    memory();
    rights();
    nodes();
    store();
    std::stable_sort(found_.begin(), found_.end(),
                     [](const Found& a, const Found& b) { return a.finding < b.finding; });
    return std::move(found_);
  }

 private:
  void add(Finding finding, std::string what) { add(finding, finding_row(finding).grade, std::move(what)); }
  void add(Finding finding, FindingGrade grade, std::string what) {
    found_.push_back({finding, grade, std::move(what)});
  }
  [[nodiscard]] std::string_view info(std::string_view field) const noexcept { return info_field(facts_.info, field); }
  [[nodiscard]] std::string said(std::string_view field) const {
    return std::string(field) + " is " + printable(info(field), 64);
  }
  [[nodiscard]] std::string_view config(const std::string& name) const {
    const auto found = facts_.config.find(name);
    return found == facts_.config.end() ? std::string_view() : std::string_view(found->second);
  }

  void server() {
    if (facts_.sentinel || info("redis_mode") == "sentinel") add(Finding::sentinel, "this is a Sentinel");
    if (info("cluster_enabled") == "1") add(Finding::cluster, said("cluster_enabled"));
    if (info("loading") == "1") add(Finding::loading, said("loading"));
    const std::string_view version = info("redis_version");
    if (too_old(version))
      add(Finding::version, said("redis_version"));
    else if (number(version) == 6)
      add(Finding::version, FindingGrade::note, said("redis_version") + ": rights of app users cannot be checked");
    const std::uint64_t scripts = number(info("number_of_cached_scripts")),
                        functions = number(info("number_of_functions"));
    if (scripts + functions > 0)
      add(Finding::scripts,
          std::to_string(scripts) + " scripts and " + std::to_string(functions) + " functions are loaded");
    if (facts_.clock_ahead && std::chrono::abs(*facts_.clock_ahead) > kClock)
      add(Finding::clock, "the server is " + std::to_string(std::chrono::abs(*facts_.clock_ahead).count()) + " ms " +
                              (facts_.clock_ahead->count() > 0 ? "ahead" : "behind"));
  }

  void replication() {
    if (info("role") == "slave") add(Finding::not_primary, "it is a replica of " + printable(info("master_host"), 128));
    if (facts_.writes_hang) add(Finding::writes_hang, "PUBLISH got no answer in time while PING did");
    const std::uint64_t replicas = number(info("connected_slaves"));
    if (info("role") == "master" && replicas == 0) add(Finding::no_replicas, said("connected_slaves"));
    if (replicas > 0 && facts_.wait_time && facts_.wait_replicas < replicas)
      add(Finding::slow_wait, std::to_string(facts_.wait_replicas) + " of " + std::to_string(replicas) +
                                  " replicas acknowledged within " + std::to_string(facts_.wait_time->count()) + " ms");
    else if (replicas > 0 && facts_.wait_time && *facts_.wait_time > kWait)
      add(Finding::slow_wait, "WAIT took " + std::to_string(facts_.wait_time->count()) + " ms");
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(replicas, 64); ++i) {
      const std::string_view line = info("slave" + std::to_string(i));
      const auto at = line.find(",offset=");
      if (at == line.npos) continue;
      const std::uint64_t offset = number(line.substr(at + 8)), head = number(info("master_repl_offset"));
      if (head > offset && head - offset > kLag)
        add(Finding::replica_lag, std::to_string(head - offset) + " bytes: " + printable(line, 128));
    }
    const std::uint64_t wanted = number(config("min-replicas-to-write"));
    if (wanted > 0 && number(info("min_slaves_good_slaves")) < wanted)
      add(Finding::too_few_replicas, "min-replicas-to-write is " + std::to_string(wanted) + ", and " +
                                         std::to_string(number(info("min_slaves_good_slaves"))) + " are good");
  }

  void persistence() {
    const bool aof = info("aof_enabled") == "1";
    if (!aof && facts_.config.contains("save") && config("save").empty())
      add(Finding::not_persistent, "save is empty and appendonly is no");
    if (info("rdb_last_bgsave_status") == "err") {
      const bool stops = config("stop-writes-on-bgsave-error") != "no";
      add(Finding::snapshot_failed, stops ? FindingGrade::forbids : FindingGrade::warning,
          said("rdb_last_bgsave_status"));
    }
    if (aof && info("aof_last_write_status") == "err") add(Finding::aof_failed, said("aof_last_write_status"));
    if (number(info("aof_delayed_fsync")) > 0)
      add(Finding::slow_disk, said("aof_delayed_fsync") + " since the server began");
    if (number(info("latest_fork_usec")) > kSlowFork) add(Finding::slow_disk, said("latest_fork_usec"));
  }

  void memory() {
    const std::uint64_t most = number(info("maxmemory")), used = number(info("used_memory"));
    const std::string_view policy = info("maxmemory_policy");
    if (policy.starts_with("allkeys-"))
      add(Finding::eviction, facts_.apart ? FindingGrade::forbids : FindingGrade::warning,
          said("maxmemory_policy") + (most == 0 ? ", and maxmemory is not set" : ""));
    if (most == 0 || used < most / 10 * 9) return;
    const bool full = used >= most && policy == "noeviction";
    add(Finding::memory, full ? FindingGrade::forbids : FindingGrade::warning,
        std::to_string(used) + " bytes of " + std::to_string(most) + " are used");
  }

  void rights() {
    for (const std::string& refused : facts_.refused_commands) add(Finding::command_refused, refused);
    for (const std::string& refused : facts_.refused_users) add(Finding::user_refused, refused);
    if (facts_.proof_failed) add(Finding::proof, *facts_.proof_failed);
    for (const BypassClient& client : facts_.bypass) add(Finding::bypass, text(client));
    for (const std::string& what : facts_.unknown) add(Finding::unknown, what);
  }

  /// A replica may be promoted: it must be as fit as the primary, and can be looked at in a flip only if it answers.
  void nodes() {
    for (const NodeFacts& node : facts_.nodes) {
      const std::string at = node.name + ": ";
      if (!node.trouble.empty()) add(Finding::node, at + node.trouble);
      const std::string_view version = info_field(node.info, "redis_version"),
                             policy = info_field(node.info, "maxmemory_policy");
      if (too_old(version)) add(Finding::version, at + "redis_version is " + printable(version, 64));
      if (policy.starts_with("allkeys-"))
        add(Finding::eviction, facts_.apart ? FindingGrade::forbids : FindingGrade::warning,
            at + "maxmemory_policy is " + printable(policy, 64));
      for (const std::string& refused : node.refused_commands) add(Finding::command_refused, at + refused);
    }
  }

  void store() {
    if (facts_.other_store) add(Finding::other_store, *facts_.other_store);
    for (const std::string& doubt : facts_.doubts) add(Finding::store_unknown, doubt);
    if (!facts_.both_names.empty())
      add(Finding::both_names, std::to_string(facts_.both_names.size()) + " met: " + some(facts_.both_names));
    if (!facts_.wrong_type.empty())
      add(Finding::wrong_type, std::to_string(facts_.wrong_type.size()) + " met: " + some(facts_.wrong_type));
    if (facts_.has_epoch_key && !facts_.has_record)
      add(Finding::epoch_without_record, "records of a migration that nobody describes any more may be there");
  }

  const PreflightFacts& facts_;
  std::vector<Found> found_;
};

}  // namespace

std::vector<Found> judge(const PreflightFacts& facts) { return Judge(facts).judge(); }

}  // namespace keyshift::control

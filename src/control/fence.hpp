#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "transforms/rule_set.hpp"

namespace keyshift::control {

/// A user as ACL LIST shows it, without its passwords.
struct AclUser {
  std::string name;
  bool on = false;
  std::vector<std::string> keys;       ///< key patterns as they are written: "~user:*", "%R~report:*", "~*"
  std::vector<std::string> selectors;  ///< with their parentheses (Redis 7.0)
};

/// None: no line of ACL LIST.
std::optional<AclUser> read_acl_line(std::string_view line);

/// What keeps one user away from records of the rules, on both sides, and from reserved keys. ACLs only grant: no
/// pattern says "all keys but these". So what could reach a record is taken away whole, and what the user still needs
/// has to be given by name (`keep`).
struct FenceStep {
  std::string user;
  std::vector<std::string> taken;  ///< key patterns and selectors that could reach a record
  std::vector<std::string> apply;  ///< arguments of ACL SETUSER
  std::vector<std::string> undo;   ///< that give the user back what it had
};

/// Could a key that fits the ACL pattern or selector `rule` be a record of `rules`, under either name, or a reserved
/// key? True also when telling would take too long.
bool reaches(std::string_view rule, const transforms::RuleSet& rules);

/// None: the user reaches no record, nothing is to be done. `keep`: globs that reach none either.
std::optional<FenceStep> fence_of(const AclUser& user, const transforms::RuleSet& rules,
                                  const std::vector<std::string>& keep);

/// Key patterns that an app user behind the proxies needs, for both names of every rule: they cover all keys of the
/// rules, and maybe more. A byte that ACLs cannot hold (a blank) is a '?'.
std::vector<std::string> grants_of(const transforms::RuleSet& rules);

}  // namespace keyshift::control

#include "proxy/engine/plan.hpp"

namespace keyshift::proxy {

void Plan::clear() noexcept {
  route = Route::forward;
  shape = Shape::bare;
  substitutions.clear();
  moves.clear();
  names = commands::ReplyNames::none;
  quarantine = false;
  in_scope = false;
  rule = -1;
  reason = {};
}

std::string_view name(Route route) noexcept {
  switch (route) {
    case Route::forward:
      return "forward";
    case Route::rewrite:
      return "rewrite";
    case Route::ensure:
      return "ensure";
    case Route::refuse:
      return "refuse";
  }
  return "?";
}

std::string_view name(Shape shape) noexcept {
  switch (shape) {
    case Shape::bare:
      return "bare";
    case Shape::pair:
      return "pair";
    case Shape::transaction:
      return "transaction";
    case Shape::before:
      return "before";
  }
  return "?";
}

std::string to_text(const Plan& plan) {
  std::string out(name(plan.route));
  if (plan.route == Route::refuse) return out + " reason=" + std::string(plan.reason) + ": " + plan.refusal.what;
  if (plan.shape != Shape::bare) out.append(" ").append(name(plan.shape));
  for (const Substitution& s : plan.substitutions) out += " arg" + std::to_string(s.argument) + "=" + printable(s.name);
  for (const Move& m : plan.moves) out += " move=" + printable(m.from) + "->" + printable(m.to);
  if (plan.names != commands::ReplyNames::none) out += " names-mapped-back";
  if (plan.quarantine) out += " leftover-aside";
  return out;
}

}  // namespace keyshift::proxy

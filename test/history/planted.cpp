// A proxy that makes a mistake on purpose: which one, KEYSHIFT_NAIVE says. Linked into keyshift_naive alone.
#include "cli/planted.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace keyshift::cli {

proxy::Naive planted_mistake() {
  constexpr struct {
    const char* name;
    proxy::Naive mistake;
  } mistakes[] = {
      {"unread", proxy::Naive::unread},
      {"unheld", proxy::Naive::unheld},
      {"remembered", proxy::Naive::remembered},
  };
  const char* const wanted = std::getenv("KEYSHIFT_NAIVE");
  if (wanted == nullptr) return proxy::Naive::none;
  for (const auto& [name, mistake] : mistakes)
    if (std::strcmp(name, wanted) == 0) return mistake;
  std::fprintf(stderr, "KEYSHIFT_NAIVE: '%s' is no mistake that is known\n", wanted);
  std::exit(2);
}

}  // namespace keyshift::cli

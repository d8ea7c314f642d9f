#include "resp/commands/key_list.hpp"

namespace keyshift::commands {

void KeyList::add_more(KeyAt key) {
  if (more_.empty()) more_.assign(inline_, inline_ + kInline);
  more_.push_back(key);
}

}  // namespace keyshift::commands

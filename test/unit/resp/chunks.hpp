#pragma once
#include <rapidcheck.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/bytes.hpp"

namespace keyshift::resp::test {

/// Cuts `size` bytes into pieces: sizes that sum up to it, none of them 0.
inline rc::Gen<std::vector<std::size_t>> pieces_of(std::size_t size) {
  const auto piece = rc::gen::weightedOneOf<std::size_t>(
      {{3, rc::gen::inRange<std::size_t>(1, 4)}, {1, rc::gen::inRange<std::size_t>(4, 64)}});
  return rc::gen::map(rc::gen::container<std::vector<std::size_t>>(size, piece),
                      [size](std::vector<std::size_t> sizes) {
                        std::size_t left = size;
                        for (std::size_t& next : sizes) {
                          next = std::min(next, left);
                          left -= next;
                        }
                        std::erase(sizes, std::size_t{0});
                        return sizes;
                      });
}

/// Up to three times drops a byte, puts one of `letters` before it or in its place. For use inside a property.
inline void damage(Bytes& bytes, BytesView letters) {
  const int wounds = *rc::gen::inRange(0, 4);
  for (int i = 0; i < wounds && !bytes.empty(); ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
    const std::size_t replaced = *rc::gen::inRange<std::size_t>(0, 2);
    const std::size_t inserted = *rc::gen::inRange<std::size_t>(0, 2);
    bytes.replace(at, replaced, Bytes(inserted, *rc::gen::elementOf(Bytes(letters))));
  }
}

}  // namespace keyshift::resp::test

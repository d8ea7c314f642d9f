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

}  // namespace keyshift::resp::test

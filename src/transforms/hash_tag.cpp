#include "transforms/hash_tag.hpp"

#include <optional>

namespace keyshift::transforms {

namespace {

/// What a key's slot is computed from: bytes of literals and whole captures, in order, each marked as what it is.
struct Tag {
  std::vector<Piece> pieces;
  std::string why;  ///< not empty: it cannot be told
};

void append(Tag& tag, const Piece& piece, BytesView literal) {
  if (piece.capture) {
    tag.pieces.push_back(piece);
  } else if (!literal.empty()) {
    if (tag.pieces.empty() || tag.pieces.back().capture) tag.pieces.emplace_back();
    tag.pieces.back().literal += literal;
  }
}

bool may_hold(const Chain& chain, std::size_t piece, char byte) {
  return chain.pieces[piece]->may_contain(static_cast<unsigned char>(byte));
}

Tag whole_key(const KeyPattern& pattern) {
  Tag tag;
  for (const Piece& piece : pattern.pieces()) append(tag, piece, piece.literal);
  return tag;
}

Tag refused(const Piece& capture, char brace) {
  Tag tag;
  tag.why = "<" + capture.name + "> may hold a '" + std::string(1, brace) + "', which would decide the slot";
  return tag;
}

/// The tag that begins behind the '{' at `offset` of the literal `open`.
Tag inside(const KeyPattern& pattern, const Chain& chain, std::size_t open, std::size_t offset) {
  Tag tag;
  for (std::size_t i = open; i < pattern.pieces().size(); ++i) {
    const Piece& piece = pattern.pieces()[i];
    if (piece.capture && may_hold(chain, i, '}')) return refused(piece, '}');
    const BytesView literal = piece.capture ? BytesView{} : BytesView(piece.literal).substr(i == open ? offset + 1 : 0);
    const std::size_t close = literal.find('}');
    append(tag, piece, literal.substr(0, close));
    if (close == BytesView::npos) continue;
    return tag.pieces.empty() ? whole_key(pattern) : tag;
  }
  return whole_key(pattern);
}

Tag tag_of(const KeyPattern& pattern, const Chain& chain) {
  for (std::size_t i = 0; i < pattern.pieces().size(); ++i) {
    const Piece& piece = pattern.pieces()[i];
    if (piece.capture && may_hold(chain, i, '{')) return refused(piece, '{');
    if (piece.capture) continue;
    if (const std::size_t open = piece.literal.find('{'); open != std::string::npos)
      return inside(pattern, chain, i, open);
  }
  return whole_key(pattern);
}

bool same(const Tag& a, const Tag& b) {
  if (a.pieces.size() != b.pieces.size()) return false;
  for (std::size_t i = 0; i < a.pieces.size(); ++i) {
    const Piece &x = a.pieces[i], &y = b.pieces[i];
    if (x.capture != y.capture || x.name != y.name || x.literal != y.literal) return false;
  }
  return true;
}

std::string shown(const Tag& tag) {
  std::string text;
  for (const Piece& piece : tag.pieces) text += piece.capture ? "<" + piece.name + ">" : piece.literal;
  return text;
}

}  // namespace

SlotProof prove_one_slot(const KeyPattern& from, const KeyPattern& to, const RuleAutomata& automata) {
  const Tag old_tag = tag_of(from, automata.from), new_tag = tag_of(to, automata.to);
  if (!old_tag.why.empty()) return {false, "in `from` " + old_tag.why};
  if (!new_tag.why.empty()) return {false, "in `to` " + new_tag.why};
  if (same(old_tag, new_tag)) return {true, {}};
  return {false, "the slot of `from` comes from '" + shown(old_tag) + "', that of `to` from '" + shown(new_tag) + "'"};
}

}  // namespace keyshift::transforms

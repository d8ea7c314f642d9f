#include "transforms/key_pattern.hpp"

#include <algorithm>
#include <optional>

#include "transforms/capture_class.hpp"
#include "transforms/regex.hpp"

namespace keyshift::transforms {

namespace {

bool name_byte(char c, bool first) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  return letter || (!first && ((c >= '0' && c <= '9') || c == '-'));
}

std::string known_classes() {
  std::string list;
  for (const CaptureClassRow& row : capture_classes()) list += std::string(row.name) + ", ";
  return list + "/regular expression/";
}

/// Reads pieces from a pattern's text; stops at the first thing that is wrong.
class PieceReader {
 public:
  explicit PieceReader(std::string_view text) : text_(text) {}

  std::vector<Piece> read() {
    while (at_ < text_.size() && !error_) {
      if (text_[at_] != '<')
        add_literal(text_[at_++]);
      else if (text_.substr(at_, 2) == "<<")
        at_ += 2, add_literal('<');
      else
        add_capture();
    }
    return std::move(pieces_);
  }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  [[nodiscard]] std::size_t work() const { return work_; }

 private:
  void refuse(std::size_t at, std::string what) {
    error_ = fail(ErrorCode::file, "at byte " + std::to_string(at + 1) + ": " + std::move(what));
  }

  void add_literal(char byte) {
    if (pieces_.empty() || pieces_.back().capture) pieces_.emplace_back();
    pieces_.back().literal += byte;
  }

  void add_capture() {
    const std::size_t begin = at_++;
    Piece piece;
    piece.capture = true;
    while (at_ < text_.size() && name_byte(text_[at_], piece.name.empty())) piece.name += text_[at_++];
    if (piece.name.empty())
      return refuse(
          begin,
          "'<' begins a capture, and a capture has a name of letters, digits, _ and - (write << for a literal '<')");
    if (at_ < text_.size() && text_[at_] == ':') {
      ++at_;
      read_class(piece);
    }
    if (error_) return;
    if (at_ >= text_.size() || text_[at_] != '>') return refuse(begin, "the capture <" + piece.name + " has no '>'");
    ++at_;
    take(std::move(piece), begin);
  }

  void take(Piece piece, std::size_t begin) {
    const auto same = [&piece](const Piece& other) { return other.capture && other.name == piece.name; };
    if (std::any_of(pieces_.begin(), pieces_.end(), same))
      return refuse(begin, "the capture <" + piece.name + "> stands here twice; each has its place once");
    if (++captures_ > KeyPattern::max_captures) return refuse(begin, "a pattern has 16 captures at most");
    pieces_.push_back(std::move(piece));
  }

  void read_class(Piece& piece) {
    if (at_ < text_.size() && text_[at_] == '/') return read_regex(piece);
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != '>') ++at_;
    const std::string_view name = text_.substr(begin, at_ - begin);
    for (const CaptureClassRow& row : capture_classes()) {
      if (row.name == name) {
        piece.kind = row.kind;
        return;
      }
    }
    refuse(begin, "'" + printable(name, 40) + "' is no class; there are " + known_classes());
  }

  void read_regex(Piece& piece) {
    const std::size_t begin = ++at_;
    while (at_ < text_.size() && text_[at_] != '/') at_ += text_[at_] == '\\' ? 2U : 1U;
    if (at_ >= text_.size())
      return refuse(begin - 1, "this regular expression has no closing '/' (a '/' inside is written \\/)");
    piece.kind = CaptureClass::regex;
    piece.regex = std::string(text_.substr(begin, at_ - begin));
    ++at_;
    const RegexRead compiled = compile_regex(piece.regex);
    work_ += compiled.work;
    if (!compiled.dfa) refuse(begin + compiled.at, compiled.what);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t captures_ = 0;
  std::size_t work_ = 0;
  std::vector<Piece> pieces_;
  std::optional<Error> error_;
};

/// A capture without a class needs something that ends it.
std::optional<Error> endless_capture(const std::vector<Piece>& pieces) {
  for (std::size_t i = 0; i + 1 < pieces.size(); ++i) {
    if (pieces[i].capture && pieces[i].kind == CaptureClass::until && pieces[i + 1].capture)
      return fail(ErrorCode::file, "<" + pieces[i].name + "> has no class and ends nowhere: <" + pieces[i + 1].name +
                                       "> follows at once; put a literal between them or give it a class");
  }
  return std::nullopt;
}

}  // namespace

Result<KeyPattern> KeyPattern::parse(std::string_view text) {
  if (text.empty()) return fail(ErrorCode::file, "the pattern is empty");
  if (text.size() > max_size) return fail(ErrorCode::file, "the pattern is longer than 1024 bytes");
  PieceReader reader(text);
  KeyPattern pattern;
  pattern.text_ = std::string(text);
  pattern.pieces_ = reader.read();
  pattern.work_ = reader.work();
  if (reader.error()) return *reader.error();
  if (auto error = endless_capture(pattern.pieces_)) return *error;
  return pattern;
}

const Piece* KeyPattern::capture(std::string_view name) const noexcept {
  for (const Piece& piece : pieces_) {
    if (piece.capture && piece.name == name) return &piece;
  }
  return nullptr;
}

BytesView KeyPattern::literal_after(std::size_t index) const noexcept {
  if (index + 1 >= pieces_.size() || pieces_[index + 1].capture) return {};
  return pieces_[index + 1].literal;
}

std::string KeyPattern::covering_glob() const {
  std::string glob;
  for (const Piece& piece : pieces_) {
    if (piece.capture && (glob.empty() || glob.back() != '*' || (glob.size() > 1 && glob[glob.size() - 2] == '\\')))
      glob += '*';
    for (const char c : piece.literal) {
      if (c == '*' || c == '?' || c == '[' || c == ']' || c == '\\') glob += '\\';
      glob += c;
    }
  }
  return glob;
}

}  // namespace keyshift::transforms

// Any bytes, in any chunking, are framed as in one piece; what framer and hiredis' reader both take is the same; and a
// reply that is read as a tree is written as the same bytes, or as other bytes of the same tree.
#include <vector>

#include "fuzz/cuts.hpp"
#include "resp/reply.hpp"
#include "resp/reply_framer.hpp"
#include "unit/resp/hiredis_verdict.hpp"

namespace {

using namespace keyshift;
using resp::ReplyFramer;
using Step = ReplyFramer::Step;
using Hiredis = resp::test::HiredisVerdict::Step;

struct Framed {
  std::vector<std::size_t> ends;
  bool bad = false;
  bool operator==(const Framed&) const = default;
};

template <class Next>
Framed frame(BytesView stream, Next next) {
  ReplyFramer framer;
  Framed framed;
  for (std::size_t at = 0; at < stream.size();) {
    const BytesView piece = stream.substr(at, next(stream.size() - at));
    const std::vector<char> chunk(piece.begin(), piece.end());
    const auto [step, taken] = framer.feed({chunk.data(), chunk.size()});
    fuzz::expect(taken <= chunk.size());
    framed.bad = step == Step::bad;
    if (framed.bad) break;
    fuzz::expect(taken > 0 && framer.idle() == (step == Step::whole));
    at += taken;
    if (step == Step::whole) framed.ends.push_back(at);
  }
  return framed;
}

void read_as_tree(BytesView bytes) {
  const Result<resp::Reply> reply = resp::parse_reply(bytes);
  if (!reply) return;
  Bytes written;
  resp::append_reply(written, *reply);
  if (written == bytes) return;
  // "#T" is the one thing that is written otherwise than it was read; redis-server sends "#t".
  fuzz::expect(bytes.find_first_of("TF") != BytesView::npos && written.size() == bytes.size());
  const Result<resp::Reply> again = resp::parse_reply(written);
  fuzz::expect(again.has_value() && *again == *reply);
}

void compare_with_hiredis(BytesView bytes) {
  const auto [step, taken] = ReplyFramer().feed(bytes);
  const resp::test::HiredisVerdict verdict = resp::test::ask_hiredis(bytes);
  if (step == Step::whole) {
    fuzz::expect(verdict.step != Hiredis::more);
    if (verdict.step == Hiredis::whole) fuzz::expect(taken == verdict.taken);
    read_as_tree(bytes.substr(0, taken));
  }
  if (step == Step::more) fuzz::expect(verdict.step != Hiredis::whole);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 100'000) return 0;
  fuzz::Cuts cuts(data[0]);
  const BytesView stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Framed whole = frame(stream, [](std::size_t left) { return left; });
  fuzz::expect(whole == frame(stream, [&](std::size_t left) { return cuts.next(left); }));
  std::size_t begin = 0;
  for (const std::size_t end : whole.ends) {
    compare_with_hiredis(stream.substr(begin));
    begin = end;
  }
  if (begin < stream.size()) compare_with_hiredis(stream.substr(begin));
  return 0;
}

// Any bytes, in any chunking, give the requests and the error that they give in one piece; and a request that is
// encoded again parses to the same arguments.
#include <string>
#include <vector>

#include "fuzz/cuts.hpp"
#include "resp/encode.hpp"
#include "resp/request_parser.hpp"

namespace {

using namespace keyshift;
using resp::RequestParser;
using Step = RequestParser::Step;

struct Heard {
  std::vector<std::vector<Bytes>> requests;
  Bytes error;
  std::size_t consumed = 0;
  bool operator==(const Heard&) const = default;
};

resp::RequestLimits limits_of(std::uint8_t choice) {
  resp::RequestLimits limits;
  limits.unauthenticated = (choice & 1) != 0;
  // Short lines and bodies, so that the fuzzer reaches what lies beyond them.
  limits.inline_bytes = (choice & 2) != 0 ? 24 : 64 * 1024;
  limits.stream_above = (choice & 4) != 0 ? 3 : 64 * 1024;
  limits.bulk_bytes = (choice & 8) != 0 ? 40 : limits.bulk_bytes;
  return limits;
}

/// An exact copy on the heap lets the address sanitizer see a read of one byte too many.
std::vector<char> copy_of(BytesView bytes) { return {bytes.begin(), bytes.end()}; }

void encode_and_parse(const std::vector<Bytes>& request) {
  const std::vector<BytesView> views(request.begin(), request.end());
  Bytes bytes;
  resp::append_command(bytes, views);
  RequestParser parser;
  fuzz::expect(parser.parse(bytes) == Step::request);
  fuzz::expect(parser.consumed() == bytes.size());
  fuzz::expect(std::vector<Bytes>(parser.argv().begin(), parser.argv().end()) == request);
}

/// One step over `unread`; false when more bytes are needed.
bool step_on(RequestParser& parser, BytesView unread, Heard& heard) {
  const Step step = parser.parse(unread);
  switch (step) {
    case Step::request:
      fuzz::expect(!parser.argv().empty());
      heard.requests.emplace_back(parser.argv().begin(), parser.argv().end());
      [[fallthrough]];
    case Step::empty:
      fuzz::expect(parser.consumed() > 0 && parser.consumed() <= unread.size());
      heard.consumed += parser.consumed();
      return true;
    case Step::big:
      fuzz::expect(parser.big().index == parser.argv().size() && parser.big().index < parser.big().arguments);
      fuzz::expect(parser.big().body_offset <= unread.size());
      fuzz::expect(unread.size() - parser.big().body_offset < parser.big().body_bytes + 2);
      return true;
    case Step::error:
      heard.error = parser.error();
      return false;
    case Step::more:
      return false;
  }
  return false;
}

template <class Next>
Heard hear(BytesView stream, const resp::RequestLimits& limits, Next next) {
  RequestParser parser(limits);
  Heard heard;
  for (std::size_t end = 0; end < stream.size() && heard.error.empty();) {
    end += next(stream.size() - end);
    while (heard.consumed < end) {
      const std::vector<char> unread = copy_of(stream.substr(heard.consumed, end - heard.consumed));
      if (!step_on(parser, {unread.data(), unread.size()}, heard)) break;
    }
  }
  return heard;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 100'000) return 0;
  const resp::RequestLimits limits = limits_of(data[0]);
  fuzz::Cuts cuts(data[1]);
  const BytesView stream(reinterpret_cast<const char*>(data) + 2, size - 2);
  const Heard whole = hear(stream, limits, [](std::size_t left) { return left; });
  const Heard pieces = hear(stream, limits, [&](std::size_t left) { return cuts.next(left); });
  fuzz::expect(whole == pieces);
  for (const auto& request : whole.requests) encode_and_parse(request);
  return 0;
}

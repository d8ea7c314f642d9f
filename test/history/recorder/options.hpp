#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace keyshift::history {

/// Which names a server or a proxy is spoken to with.
enum class Side : std::uint8_t { older, newer };

/// Where clients connect: a port on loopback.
struct Port {
  std::uint16_t number = 0;
  Side side = Side::older;
};

struct Options {
  std::string work;  ///< fill, load or read-back
  std::vector<Port> ports;
  std::string out;  ///< lines are appended
  double seconds = 5;
  std::uint64_t seed = 1;
  std::uint32_t clients = 16;
  std::uint32_t first_client = 1;                             ///< numbers of clients of one history must differ
  std::vector<std::pair<std::string, std::string>> families;  ///< name before and after, % stands for the id
  std::uint32_t units = 1000;      ///< records, or groups of three that commands over several keys tie together
  std::uint32_t hot = 3;           ///< units that are hot at the same time
  std::uint32_t dwell_ms = 100;    ///< how long they are
  std::uint32_t hot_percent = 92;  ///< of the operations go to them
  std::uint32_t crowd = 6;         ///< operations under way on one unit, at most: a judge's work grows fast with it
  std::uint32_t pipeline = 2;      ///< commands that a client sends at once, at most
  std::uint32_t patience_ms = 0;   ///< half of the clients give up after so long; 0: none does
};

/// Ends the program with status 2 and the reason when the words make no sense.
Options parse_options(int argc, char** argv);

}  // namespace keyshift::history

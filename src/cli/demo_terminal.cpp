#include "cli/demo_terminal.hpp"

#include <fstream>

namespace keyshift::cli::demo {
namespace {

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

Result<void> Terminal::type(std::vector<std::string> words) {
  typed_ = {};
  typed_.line = "keyshift";
  for (const std::string& word : words) typed_.line += " " + word;
  words.insert(words.begin(), own_path());
  for (const std::string& word :
       {std::string("--upstream"), "redis://127.0.0.1:" + std::to_string(redis_port_) + "/0", std::string("--json")})
    words.push_back(word);
  out_ = directory_.file("typed-" + std::to_string(++count_) + ".json");
  errors_ = directory_.file("typed-" + std::to_string(count_) + ".err");
  begun_ = std::chrono::steady_clock::now();
  auto started = Child::start(std::move(words), out_, errors_);
  if (!started) return started.error();
  child_ = std::move(*started);
  return {};
}

Typed Terminal::read() {
  typed_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
  typed_.code = child_.wait();
  typed_.said = nlohmann::json::parse(content(out_), nullptr, false);
  if (typed_.said.is_discarded()) typed_.said = nullptr;
  typed_.complaints = content(errors_);
  return typed_;
}

}  // namespace keyshift::cli::demo

// What it costs to ask whether a record is known to be in place, and why the hash is our own: the same hash by OpenSSL.
// The rows of OpenSSL need KEYSHIFT_BENCH_OPENSSL, which bench/CMakeLists.txt defines where it links libcrypto.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "proxy/engine/ensured_set.hpp"
#ifdef KEYSHIFT_BENCH_OPENSSL
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#endif

namespace {

using keyshift::proxy::EnsuredSet;
using keyshift::proxy::Key128;
using keyshift::proxy::SipHash;

constexpr Key128 kSecret{0x0706050403020100U, 0x0f0e0d0c0b0a0908U};
constexpr std::size_t kBytes = 4 * 1024 * 1024;

/// Keys of 16 bytes.
std::vector<std::string> keys(std::size_t count) {
  std::vector<std::string> list;
  for (std::size_t i = 0; i < count; ++i) {
    std::string digits = std::to_string(i);
    list.push_back("user:" + std::string(11 - digits.size(), '0') + digits);
  }
  return list;
}

/// state.range(0) records were inserted; they are asked for one after the other.
void contains(benchmark::State& state) {
  const auto list = keys(static_cast<std::size_t>(state.range(0)));
  EnsuredSet set(kBytes, kSecret);
  for (const auto& key : list) set.insert(key);
  std::size_t i = 0, known = 0;
  for (auto _ : state) {
    known += set.contains(list[i]) ? 1U : 0U;
    if (++i == list.size()) i = 0;
  }
  state.counters["known"] = static_cast<double>(known) / static_cast<double>(state.iterations());
  state.counters["bytes"] = static_cast<double>(set.bytes());
}
BENCHMARK(contains)->Arg(100)->Arg(10'000)->Arg(100'000)->Arg(1'000'000);

void insert(benchmark::State& state) {
  const auto list = keys(1'000'000);
  EnsuredSet set(kBytes, kSecret);
  std::size_t i = 0;
  for (auto _ : state) {
    set.insert(list[i]);
    if (++i == list.size()) i = 0;
  }
}
BENCHMARK(insert);

void siphash(benchmark::State& state) {
  const std::string key = keys(1)[0];
  const SipHash hash(kSecret);
  for (auto _ : state) benchmark::DoNotOptimize(hash.hash(key));
}
BENCHMARK(siphash);

#ifdef KEYSHIFT_BENCH_OPENSSL
/// One context, initialised again for each key: the cheapest way that EVP offers.
void siphash_openssl(benchmark::State& state) {
  const std::string key = keys(1)[0];
  unsigned char secret[16] = {}, out[16];
  std::size_t size = sizeof out;
  EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "SIPHASH", nullptr);
  EVP_MAC_CTX* const context = EVP_MAC_CTX_new(mac);
  std::size_t wanted = sizeof out;
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &wanted), OSSL_PARAM_construct_end()};
  for (auto _ : state) {
    EVP_MAC_init(context, secret, sizeof secret, params);
    EVP_MAC_update(context, reinterpret_cast<const unsigned char*>(key.data()), key.size());
    EVP_MAC_final(context, out, &size, sizeof out);
    benchmark::DoNotOptimize(out);
  }
  EVP_MAC_CTX_free(context);
  EVP_MAC_free(mac);
}
BENCHMARK(siphash_openssl);
#endif

}  // namespace

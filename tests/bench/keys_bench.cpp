// SPDX-License-Identifier: Apache-2.0
// What it costs to have another process sign: the time of a signature here, and there.
//
//   keys_bench [ROUNDS]     default 2000
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "daemon/key_process.hpp"
#include "godwit/mailauth/key.hpp"

namespace {

using namespace godwit;
using mailauth::Key, mailauth::KeyKind;

// The median of some batches: others use this machine, too.
double microseconds(const Key& key, int rounds) {
  constexpr int batches = 11;
  const std::string digest(32, 'd');
  std::array<double, batches> times{};
  for (auto& time : times) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < rounds / batches + 1; ++i)
      if (!key.sign(digest)) std::abort();
    time = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count() /
           (rounds / batches + 1);
  }
  std::ranges::sort(times);
  return times[batches / 2];
}

Key held_by(const net::KeyHolder& keys, const std::string& path) {
  return Key::from_handle(keys.private_key(path).value().release()).value();
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 2000;
  config::Settings settings;
  settings.user = "";
  const std::filesystem::path file = std::filesystem::temp_directory_path() / "godwit-keys-bench.pem";
  settings.mailauth.keys = {{.domain = "example.com", .selector = "s", .private_key = file, .accounts = {}}};
  const auto process = daemon::KeyProcess::start("godwit.yaml", settings, 1, {});
  if (!process) {
    std::fprintf(stderr, "%s\n", process.error().message.c_str());
    return 1;
  }
  for (const auto kind : {KeyKind::ed25519, KeyKind::rsa}) {
    std::ofstream(file) << Key::generate(kind, 2048).value().private_pem();
    const double here = microseconds(held_by(net::own_keys(), file), rounds);
    const double there = microseconds(held_by((*process)->keys(), file), rounds);
    std::printf("%-8s here %8.1f us   there %8.1f us   more %6.1f us\n", std::string(to_string(kind)).c_str(), here,
                there, there - here);
  }
  std::filesystem::remove(file);
}

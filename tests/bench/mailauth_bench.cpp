// SPDX-License-Identifier: Apache-2.0
// What verifying and signing a message costs in CPU, without the waits for DNS.
//
//   mailauth_bench [ROUNDS]     default 2000; a message of 10 KiB
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "godwit/mailauth/dkim.hpp"
#include "support/fake_resolver.hpp"

namespace {

using namespace godwit;
using namespace godwit::mailauth;

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::string message_of(std::size_t size) {
  std::string message =
      "From: Alice <alice@example.com>\r\nTo: bob@example.net\r\nSubject: Hello\r\nMessage-ID: <1@example.com>\r\n"
      "Date: Mon, 02 Nov 2026 08:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n";
  while (message.size() < size)
    message += "The quick brown fox jumps over the lazy dog, again and again and again.\r\n";
  return message;
}

std::string sign(const std::string& message, const Key& key, const std::string& selector) {
  MessageDigest digest([](const auto&) { return std::vector<BodyHashing>{{.form = Canonical::relaxed}}; });
  digest.put(message);
  digest.finish();
  return sign_dkim(digest, key, {.domain = "example.com", .selector = selector}, base::WallTime{}).value();
}

bool verify(const std::string& message, dns::Resolver& resolver) {
  MessageDigest digest(hashes_of_signatures);
  digest.put(message);
  digest.finish();
  boost::asio::io_context context;
  auto verifying =
      boost::asio::co_spawn(context, verify_dkim(digest, resolver, base::WallTime{}), boost::asio::use_future);
  context.run();
  return verifying.get().front().result == DkimResult::pass;
}

// The median of some batches: others use this machine, too.
template <class Work>
void measure(const char* what, int rounds, const Work& work) {
  constexpr int batches = 11;
  std::array<double, batches> costs{};
  for (auto& cost : costs) {
    const auto start = cpu_seconds();
    for (int i = 0; i < rounds / batches + 1; ++i) work();
    cost = (cpu_seconds() - start) / (rounds / batches + 1) * 1e6;
  }
  std::ranges::sort(costs);
  std::printf("%-28s %8.1f us\n", what, costs[batches / 2]);
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 2000;
  const auto rsa = Key::generate(KeyKind::rsa, 2048).value();
  const auto ed25519 = Key::generate(KeyKind::ed25519, 0).value();
  testing::FakeResolver resolver;
  resolver.add_txt("r._domainkey.example.com", dkim_record(rsa))
      .add_txt("e._domainkey.example.com", dkim_record(ed25519));
  const auto plain = message_of(10240);
  const auto with_rsa = sign(plain, rsa, "r") + plain;
  const auto with_ed25519 = sign(plain, ed25519, "e") + plain;
  measure("verify RSA-2048", rounds, [&] {
    if (!verify(with_rsa, resolver)) std::abort();
  });
  measure("verify Ed25519", rounds, [&] {
    if (!verify(with_ed25519, resolver)) std::abort();
  });
  measure("sign Ed25519", rounds, [&] { sign(plain, ed25519, "e"); });
  measure("verify RSA, sign Ed25519", rounds, [&] {
    if (!verify(with_rsa, resolver)) std::abort();
    sign(plain, ed25519, "e");
  });
  measure("sign RSA-2048", rounds / 10 + 1, [&] { sign(plain, rsa, "r"); });
}

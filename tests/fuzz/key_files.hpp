// SPDX-License-Identifier: Apache-2.0
// Private keys and certificates in files, for the fuzz target of who holds them.
#pragma once

#include <string>
#include <vector>

#include "fuzz/fuzz.hpp"
#include "godwit/net/key_holder.hpp"
#include "support/test_certificate.hpp"

namespace godwit::fuzz {

// What nobody may learn of it.
inline std::string secret_of(const EVP_PKEY& key) {
  std::string octets(512, '\0');
  auto* const out = reinterpret_cast<unsigned char*>(octets.data());
  std::size_t size = octets.size();
  if (EVP_PKEY_get_raw_private_key(&key, out, &size) != 1) {
    BIGNUM* number = nullptr;
    require(EVP_PKEY_get_bn_param(&key, EVP_PKEY_is_a(&key, "EC") == 1 ? "priv" : "d", &number) == 1);
    size = static_cast<std::size_t>(BN_bn2bin(number, out));
    BN_free(number);
  }
  octets.resize(size);
  return octets;
}

struct KeyFiles {
  testing::TemporaryFolder folder{};
  std::vector<std::string> paths = {"", folder / "gone", "/dev/null"};
  std::vector<std::string> keys{};
  std::vector<std::string> secrets{};

  KeyFiles() {
    for (const auto type : {testing::KeyType::rsa, testing::KeyType::ec, testing::KeyType::ed25519}) {
      const auto made = make_certificate(folder, std::to_string(keys.size()), {.names = {"a.example"}, .key = type});
      paths.insert(paths.end(), {made.private_key, made.certificate});
      keys.push_back(made.private_key);
      secrets.push_back(secret_of(*net::own_keys().private_key(made.private_key).value()));
    }
  }
};

}  // namespace godwit::fuzz

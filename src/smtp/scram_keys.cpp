// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"
#include "godwit/smtp/scram.hpp"
#include "input.hpp"
#include "sha256.hpp"

namespace godwit::smtp {
namespace {

constexpr std::string_view scheme = "SCRAM-SHA-256$";
constexpr std::size_t shortest_salt = 4, longest_salt = 255;
constexpr std::uint32_t most_iterations = 10'000'000;

}  // namespace

ScramKeys make_scram_keys(std::string_view password, std::string salt, std::uint32_t iterations) {
  std::string salted = pbkdf2_sha256(password, salt, iterations);
  std::string client_key = hmac_sha256(salted, "Client Key");
  ScramKeys keys{.salt = std::move(salt),
                 .iterations = iterations,
                 .stored_key = sha256(client_key),
                 .server_key = hmac_sha256(salted, "Server Key")};
  wipe(salted);
  wipe(client_key);
  return keys;
}

std::string make_scram_nonce(base::Random& random) {
  std::string bytes;
  for (int i = 0; i < 3; ++i) {
    const std::uint64_t word = random.next();
    bytes.append(reinterpret_cast<const char*>(&word), sizeof word);
  }
  return base::base64_encode(bytes);
}

std::string to_string(const ScramKeys& keys) {
  return fmt::format("{}{}:{}${}:{}", scheme, keys.iterations, base::base64_encode(keys.salt),
                     base::base64_encode(keys.stored_key), base::base64_encode(keys.server_key));
}

std::optional<ScramKeys> parse_scram_keys(std::string_view text) {
  if (!base::istarts_with(text, scheme)) return std::nullopt;
  const auto halves = base::split(text.substr(scheme.size()), '$');
  if (halves.size() != 2) return std::nullopt;
  const auto settings = base::split(halves[0], ':'), secrets = base::split(halves[1], ':');
  if (settings.size() != 2 || secrets.size() != 2) return std::nullopt;
  const auto iterations = base::parse_unsigned(settings[0]);
  auto salt = base::base64_decode(settings[1]);
  auto stored = base::base64_decode(secrets[0]), server = base::base64_decode(secrets[1]);
  if (!iterations || *iterations == 0 || *iterations > most_iterations) return std::nullopt;
  if (!salt || salt->size() < shortest_salt || salt->size() > longest_salt) return std::nullopt;
  if (!stored || stored->size() != sha256_size || !server || server->size() != sha256_size) return std::nullopt;
  return ScramKeys{.salt = std::move(*salt),
                   .iterations = static_cast<std::uint32_t>(*iterations),
                   .stored_key = std::move(*stored),
                   .server_key = std::move(*server)};
}

ScramKeys decoy_scram_keys(std::string_view name, std::string_view secret, const ScramKeys& like) {
  ScramKeys keys{.salt = {}, .iterations = like.iterations, .stored_key = {}, .server_key = {}};
  for (int block = 0; keys.salt.size() < like.salt.size(); ++block)
    keys.salt += hmac_sha256(secret, fmt::format("salt {} {}", block, name));
  keys.salt.resize(like.salt.size());
  keys.stored_key = hmac_sha256(secret, fmt::format("stored {}", name));
  keys.server_key = hmac_sha256(secret, fmt::format("server {}", name));
  return keys;
}

}  // namespace godwit::smtp

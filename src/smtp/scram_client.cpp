// SPDX-License-Identifier: Apache-2.0
#include "godwit/smtp/scram_client.hpp"

#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"
#include "input.hpp"
#include "scram_attributes.hpp"
#include "sha256.hpp"

namespace godwit::smtp {
namespace {

// saslname of RFC 5802 section 7.
std::string encode_name(std::string_view name) {
  std::string encoded;
  for (const char c : name) {
    if (c == ',')
      encoded += "=2C";
    else if (c == '=')
      encoded += "=3D";
    else
      encoded += c;
  }
  return encoded;
}

std::string gs2_header(const ScramChannel& channel) {
  switch (channel.use) {
    case ScramChannel::Use::none:
      break;
    case ScramChannel::Use::not_offered:
      return "y,,";
    case ScramChannel::Use::bound:
      return "p=" + channel.type + ",,";
  }
  return "n,,";
}

}  // namespace

ScramClientKeys make_scram_client_keys(std::string_view password, std::string_view salt, std::uint32_t iterations) {
  std::string salted = pbkdf2_sha256(password, salt, iterations);
  ScramClientKeys keys{.client_key = hmac_sha256(salted, "Client Key"),
                       .server_key = hmac_sha256(salted, "Server Key")};
  wipe(salted);
  return keys;
}

ScramClient::ScramClient(std::string_view user, std::string nonce, ScramChannel channel)
    : gs2_header_(gs2_header(channel)), nonce_(std::move(nonce)) {
  if (channel.use == ScramChannel::Use::bound) binding_ = std::move(channel.bytes);
  first_bare_ = fmt::format("n={},r={}", encode_name(user), nonce_);
}

std::expected<ScramClient::Question, std::string> ScramClient::question(std::string_view server_first) {
  const auto unfit = [](std::string why) { return std::unexpected("SCRAM: " + std::move(why)); };
  if (server_first.size() > longest_scram_message) return unfit("the challenge is too long");
  const auto attributes = base::split(server_first, ',');
  if (attributes.size() < 3) return unfit("the challenge cannot be read");  // "m=": an extension that must be known
  const auto nonce = scram_value(attributes[0], 'r');
  const auto salt = scram_value(attributes[1], 's');
  const auto count = scram_value(attributes[2], 'i');
  auto bytes = salt ? base::base64_decode(*salt) : std::nullopt;
  const auto iterations = count ? base::parse_unsigned(*count) : std::nullopt;
  if (!nonce || !bytes || bytes->empty() || !iterations) return unfit("the challenge cannot be read");
  // RFC 5802 section 5.1: what does not go on with our nonce belongs to another exchange.
  if (!is_scram_nonce(*nonce) || !nonce->starts_with(nonce_) || nonce->size() == nonce_.size())
    return unfit("the challenge is no answer to ours");
  if (*iterations < fewest_iterations || *iterations > most_iterations)
    return unfit(fmt::format("{} iterations are asked for, and {} to {} are made", *iterations, fewest_iterations,
                             most_iterations));
  nonce_ = *nonce;
  server_first_ = server_first;
  return Question{.salt = std::move(*bytes), .iterations = static_cast<std::uint32_t>(*iterations)};
}

std::string ScramClient::client_final(const ScramClientKeys& keys) {
  assert(!server_first_.empty());
  const auto without_proof = fmt::format("c={},r={}", base::base64_encode(gs2_header_ + binding_), nonce_);
  const auto authentication = fmt::format("{},{},{}", first_bare_, server_first_, without_proof);
  const auto signature = hmac_sha256(sha256(keys.client_key), authentication);
  server_signature_ = hmac_sha256(keys.server_key, authentication);
  return without_proof + ",p=" + base::base64_encode(exclusive_or(keys.client_key, signature));
}

bool ScramClient::is_genuine(std::string_view server_final) const {
  const auto first = base::split(server_final, ',').front();
  const auto verifier = scram_value(first, 'v');
  const auto signature = verifier ? base::base64_decode(*verifier) : std::nullopt;
  return signature && !server_signature_.empty() && equal_secrets(*signature, server_signature_);
}

}  // namespace godwit::smtp

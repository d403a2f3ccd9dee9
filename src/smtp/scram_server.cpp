// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cassert>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"
#include "godwit/smtp/saslprep.hpp"
#include "godwit/smtp/scram.hpp"
#include "scram_attributes.hpp"
#include "sha256.hpp"

namespace godwit::smtp {
namespace {

// saslname: "=2C" is a comma, "=3D" an equals sign, and no other "=" may be there.
std::optional<std::string> decode_name(std::string_view name) {
  std::string decoded;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '=') {
      decoded += name[i];
      continue;
    }
    const auto code = name.substr(i + 1, 2);
    if (code != "2C" && code != "3D") return std::nullopt;
    decoded += code == "2C" ? ',' : '=';
    i += 2;
  }
  return decoded;
}

// Further attributes, which may follow but change nothing (RFC 5802 section 5.1).
bool are_extensions(const std::vector<std::string_view>& attributes, std::size_t first) {
  return std::ranges::all_of(attributes.begin() + static_cast<std::ptrdiff_t>(std::min(first, attributes.size())),
                             attributes.end(), [](std::string_view attribute) {
                               const auto letter = attribute.empty() ? '\0' : attribute[0];
                               const bool alpha = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
                               return alpha && letter != 'm' && attribute.size() > 2 && attribute[1] == '=';
                             });
}

}  // namespace

ScramServer::ScramServer(Variant variant, bool plus_offered, ChannelBindings bindings, std::string nonce)
    : variant_(variant), plus_offered_(plus_offered), bindings_(std::move(bindings)), nonce_(std::move(nonce)) {}

// gs2-header of RFC 5802 section 7; gives what follows it.
std::expected<std::string_view, ScramServer::Failure> ScramServer::read_gs2_header(std::string_view message) {
  const auto flag_end = message.find(',');
  const auto end = flag_end == std::string_view::npos ? flag_end : message.find(',', flag_end + 1);
  if (end == std::string_view::npos) return std::unexpected(Failure::malformed);
  const auto flag = message.substr(0, flag_end), authzid = message.substr(flag_end + 1, end - flag_end - 1);
  gs2_header_ = message.substr(0, end + 1);
  if (flag == "n" || flag == "y") {
    // -PLUS without a binding is none.  "y": the client can bind but was not told that we can, so if we did tell, then
    // somebody between us removed it (section 6).
    if (variant_ == Variant::plus) return std::unexpected(Failure::malformed);
    if (flag == "y" && plus_offered_) return std::unexpected(Failure::rejected);
  } else if (flag.starts_with("p=")) {
    if (variant_ == Variant::plain) return std::unexpected(Failure::malformed);
    if (flag == "p=tls-exporter") binding_ = bindings_.exporter;
    if (flag == "p=tls-server-end-point") binding_ = bindings_.end_point;
    if (!binding_ || binding_->empty()) return std::unexpected(Failure::rejected);
  } else {
    return std::unexpected(Failure::malformed);
  }
  if (!authzid.empty()) {
    const auto named = scram_value(authzid, 'a');
    auto decoded = named ? decode_name(*named) : std::nullopt;
    if (!decoded || decoded->empty()) return std::unexpected(Failure::malformed);
    authzid_ = std::move(*decoded);
  }
  return message.substr(end + 1);
}

std::expected<std::string, ScramServer::Failure> ScramServer::client_first(std::string_view message) {
  if (message.size() > longest_scram_message || !base::is_valid_utf8(message) || message.contains('\0'))
    return std::unexpected(Failure::malformed);
  const auto bare = read_gs2_header(message);
  if (!bare) return std::unexpected(bare.error());
  const auto attributes = base::split(*bare, ',');
  if (attributes.size() < 2) return std::unexpected(Failure::malformed);
  const auto name = scram_value(attributes[0], 'n'), nonce = scram_value(attributes[1], 'r');
  if (!name || !nonce || !is_scram_nonce(*nonce) || !are_extensions(attributes, 2))
    return std::unexpected(Failure::malformed);
  const auto decoded = decode_name(*name);
  if (!decoded || decoded->empty()) return std::unexpected(Failure::malformed);
  auto user = saslprep(*decoded);
  if (!user) return std::unexpected(Failure::rejected);
  // To act for somebody else is refused, as for PLAIN.
  if (!authzid_.empty() && authzid_ != *decoded) return std::unexpected(Failure::rejected);
  first_bare_ = *bare;
  nonce_ = std::string(*nonce) + nonce_;
  return *std::move(user);
}

std::string ScramServer::server_first(ScramKeys keys) {
  assert(!first_bare_.empty());
  keys_ = std::move(keys);
  server_first_ = fmt::format("r={},s={},i={}", nonce_, base::base64_encode(keys_.salt), keys_.iterations);
  return server_first_;
}

bool ScramServer::binds(std::string_view channel_binding) const {
  const auto bound = base::base64_decode(channel_binding);
  return bound && equal_secrets(*bound, gs2_header_ + binding_.value_or(std::string()));
}

std::expected<std::string, ScramServer::Failure> ScramServer::client_final(std::string_view message) {
  assert(!server_first_.empty());
  if (message.size() > longest_scram_message || !base::is_valid_utf8(message))
    return std::unexpected(Failure::malformed);
  const auto proof_at = message.rfind(",p=");
  if (proof_at == std::string_view::npos) return std::unexpected(Failure::malformed);
  const auto without_proof = message.substr(0, proof_at);
  const auto proof = base::base64_decode(message.substr(proof_at + 3));
  const auto attributes = base::split(without_proof, ',');
  if (!proof || proof->size() != sha256_size || attributes.size() < 2) return std::unexpected(Failure::malformed);
  const auto channel = scram_value(attributes[0], 'c'), nonce = scram_value(attributes[1], 'r');
  if (!channel || !nonce || !are_extensions(attributes, 2)) return std::unexpected(Failure::malformed);
  // RFC 5802 section 3.  The rest is computed in any case: what was wrong shows in nothing.
  const auto authentication = fmt::format("{},{},{}", first_bare_, server_first_, without_proof);
  const auto client_key = exclusive_or(*proof, hmac_sha256(keys_.stored_key, authentication));
  const bool proven = equal_secrets(sha256(client_key), keys_.stored_key);
  const bool bound = binds(*channel);
  const bool same_nonce = equal_secrets(*nonce, nonce_);
  if (!proven || !bound || !same_nonce) return std::unexpected(Failure::rejected);
  return "v=" + base::base64_encode(hmac_sha256(keys_.server_key, authentication));
}

}  // namespace godwit::smtp

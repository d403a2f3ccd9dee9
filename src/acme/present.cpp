// SPDX-License-Identifier: Apache-2.0
#include "present.hpp"

#include <utility>

#include "godwit/net/tls.hpp"

namespace godwit::acme {

base::Result<std::optional<Present>> look_at(const std::string& file, const net::KeyHolder& keys) {
  auto facts = net::check_certificate({.certificate = file, .private_key = file}, keys);
  if (facts) return Present{.from = facts->not_before, .until = facts->not_after, .names = std::move(facts->names)};
  switch (facts.error().kind) {
    case base::ErrorKind::io:
    case base::ErrorKind::timed_out:
    case base::ErrorKind::closed:
      return std::unexpected(std::move(facts.error()));
    default:
      return std::nullopt;
  }
}

}  // namespace godwit::acme

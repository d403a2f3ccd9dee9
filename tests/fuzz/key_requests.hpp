// SPDX-License-Identifier: Apache-2.0
// Requests to the process with the private keys, for the fuzz target of who answers them.
#pragma once

#include <string>
#include <string_view>

#include "daemon/key_messages.hpp"
#include "fuzz/key_files.hpp"

namespace godwit::fuzz {

inline constexpr const char* signing_digests[] = {"",         "SHA256", "SHA512",   "SHA1",
                                                  "MD5-SHA1", "NULL",   "SHAKE256", "none"};

// One, field by field or as its bytes are.
inline std::string take_key_request(std::string_view& input, const KeyFiles& files) {
  const auto task = take_byte(input) % 8;
  if (task > static_cast<unsigned>(daemon::KeyTask::sign)) return std::string(take(input, take_byte(input)));
  daemon::KeyRequest request{.task = static_cast<daemon::KeyTask>(task), .number = take_byte(input)};
  request.path = files.paths[take_byte(input) % files.paths.size()];
  request.key = take_byte(input) % 8;
  request.order.scheme = static_cast<net::SigningOrder::Scheme>(take_byte(input) % 5);
  request.order.digest = signing_digests[take_byte(input) % std::size(signing_digests)];
  request.order.salt = static_cast<signed char>(take_byte(input));
  const std::string data(take_byte(input), 'd');
  request.order.data = data;
  for (auto released = take_byte(input) % 4; released > 0; --released) request.released.push_back(take_byte(input) % 8);
  return to_bytes(request);
}

}  // namespace godwit::fuzz

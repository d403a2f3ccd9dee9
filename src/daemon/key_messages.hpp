// SPDX-License-Identifier: Apache-2.0
// What the daemon and the process with its private keys say to each other: one request, one reply, each one packet of a
// SOCK_SEQPACKET socket.  Pure.  Both sides are of one program, so there are no versions; who reads a request does not
// trust who wrote it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/result.hpp"
#include "godwit/net/plain_file.hpp"
#include "godwit/net/remote_key.hpp"

namespace godwit::daemon {

inline constexpr std::size_t largest_packet = std::size_t{160} << 10U;  // certificates, or a message to be signed whole

enum class KeyTask : std::uint8_t { private_key, certificates, readable, stamp, sign };

struct KeyRequest {
  KeyTask task = KeyTask::stamp;
  std::uint32_t number = 0;  // comes back in the reply
  std::string path{};
  std::vector<std::uint64_t> released{};  // keys that nobody has any more
  std::uint64_t key = 0;                  // that signs
  net::SigningOrder order{};
};

struct KeyReply {
  std::uint32_t number = 0;
  base::Result<std::string> result{};  // the public part, certificates, a signature
  std::uint64_t key = 0;               // by which it is named from now on
  net::FileStamp stamp{};
};

std::string to_bytes(const KeyRequest& request);
std::string to_bytes(const KeyReply& reply);
// Nothing: it has not the form.  What order.data refers to is in `bytes`.
std::optional<KeyRequest> request_in(std::string_view bytes);
std::optional<KeyReply> reply_in(std::string_view bytes);

}  // namespace godwit::daemon

// SPDX-License-Identifier: Apache-2.0
// What checks are shown of a message that is received, and what they say to it.
#include <utility>

#include "receiver.hpp"

namespace godwit::server {

// To its end; a piece of the body may follow.
void Receiver::keep_header(std::string_view bytes) {
  if (!checks_ || header_kept_) return;
  constexpr std::string_view end = "\r\n\r\n";
  auto& kept = checks_->facts.header;
  const auto before = kept.size();
  kept += bytes.substr(0, policy::Facts::longest_header - before);
  header_kept_ = kept.size() == policy::Facts::longest_header || kept.starts_with("\r\n") ||
                 kept.find(end, before < end.size() ? 0 : before - end.size() + 1) != std::string::npos;
}

boost::asio::awaitable<policy::MessageDecision> Receiver::ask_checks() {
  auto facts = std::move(checks_->facts);
  facts.identity = identity();
  facts.id = incoming_->id();
  facts.size = size_;
  auto deciding = checks_->chain.end_message(std::move(facts));
  auto decision = co_await std::move(deciding);
  co_return decision;
}

}  // namespace godwit::server

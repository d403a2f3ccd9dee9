// SPDX-License-Identifier: Apache-2.0
#include "forwarded_content.hpp"

#include <algorithm>
#include <utility>

#include "godwit/mail/received.hpp"

namespace godwit::dispatch {

ForwardedContent::ForwardedContent(const smtp::Mailbox& alias, std::shared_ptr<spool::Body> body)
    : field_(mail::delivered_to_field(alias)), body_(std::move(body)) {}

boost::asio::awaitable<base::Result<std::size_t>> ForwardedContent::read(std::uint64_t offset, std::span<char> into) {
  if (offset >= field_.size()) co_return co_await body_->read(offset - field_.size(), into);
  const auto taken = field_.copy(into.data(), into.size(), offset);
  if (taken == into.size()) co_return taken;
  auto rest = co_await body_->read(0, into.subspan(taken));
  if (!rest) co_return rest;
  co_return taken + *rest;
}

}  // namespace godwit::dispatch

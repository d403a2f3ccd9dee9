// SPDX-License-Identifier: Apache-2.0
// A message as an alias forwards it to another host: below a Delivered-To field with the alias, by which it is known
// when it comes back.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "godwit/deliver/agent.hpp"
#include "godwit/spool/spool.hpp"

namespace godwit::dispatch {

class ForwardedContent final : public deliver::Content {
 public:
  ForwardedContent(const smtp::Mailbox& alias, std::shared_ptr<spool::Body> body);
  std::uint64_t size() const override { return field_.size() + body_->size(); }
  // None, as it is in two pieces: a copy of a large body would be memory that nobody counts.
  std::optional<std::string_view> view() const override { return std::nullopt; }
  boost::asio::awaitable<base::Result<std::size_t>> read(std::uint64_t offset, std::span<char> into) override;

 private:
  std::string field_;
  std::shared_ptr<spool::Body> body_;
};

}  // namespace godwit::dispatch

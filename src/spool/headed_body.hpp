// SPDX-License-Identifier: Apache-2.0
// A large body below the head that its record holds.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "godwit/spool/spool.hpp"

namespace godwit::spool {

class HeadedBody final : public Body {
 public:
  HeadedBody(std::string head, std::shared_ptr<Body> rest) : head_(std::move(head)), rest_(std::move(rest)) {}
  std::uint64_t size() const override { return head_.size() + rest_->size(); }
  std::optional<std::string_view> view() const override { return {}; }
  boost::asio::awaitable<base::Result<std::size_t>> read(std::uint64_t offset, std::span<char> into) override {
    if (offset >= head_.size()) return rest_->read(offset - head_.size(), into);
    return read_head(offset, into);
  }

 private:
  boost::asio::awaitable<base::Result<std::size_t>> read_head(std::uint64_t offset, std::span<char> into) {
    const auto part = std::string_view(head_).substr(offset, into.size());
    std::ranges::copy(part, into.begin());
    co_return part.size();
  }

  const std::string head_;
  const std::shared_ptr<Body> rest_;
};

inline std::shared_ptr<Body> with_head(std::string head, std::shared_ptr<Body> rest) {
  if (head.empty()) return rest;
  return std::make_shared<HeadedBody>(std::move(head), std::move(rest));
}

}  // namespace godwit::spool

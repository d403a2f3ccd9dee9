// SPDX-License-Identifier: Apache-2.0
// A message in memory, for tests of delivery agents.
#pragma once

#include <string>
#include <utility>

#include "godwit/deliver/agent.hpp"

namespace godwit::testing {

class TextContent final : public deliver::Content {
 public:
  explicit TextContent(std::string text) : text_(std::move(text)) {}
  std::uint64_t size() const override { return text_.size(); }
  std::optional<std::string_view> view() const override { return text_; }
  boost::asio::awaitable<base::Result<std::size_t>> read(std::uint64_t offset, std::span<char> into) override {
    co_return text_.copy(into.data(), into.size(), offset);
  }

 private:
  std::string text_;
};

}  // namespace godwit::testing

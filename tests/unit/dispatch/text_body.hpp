// SPDX-License-Identifier: Apache-2.0
// A stored body, in memory or as if it lay in a file.
#pragma once

#include <string>
#include <utility>

#include "godwit/spool/spool.hpp"

namespace godwit::dispatch {

class TextBody final : public spool::Body {
 public:
  enum class Place { memory, file };
  explicit TextBody(std::string text, Place place = Place::memory) : text_(std::move(text)), place_(place) {}
  std::uint64_t size() const override { return text_.size(); }
  std::optional<std::string_view> view() const override {
    return place_ == Place::memory ? std::optional<std::string_view>(text_) : std::nullopt;
  }
  boost::asio::awaitable<base::Result<std::size_t>> read(std::uint64_t offset, std::span<char> into) override {
    co_return offset < text_.size() ? text_.copy(into.data(), into.size(), offset) : 0;
  }

 private:
  std::string text_;
  Place place_;
};

}  // namespace godwit::dispatch

// SPDX-License-Identifier: Apache-2.0
// A stored body as the agents see it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "godwit/deliver/agent.hpp"
#include "godwit/spool/spool.hpp"

namespace godwit::dispatch {

class SpoolContent final : public deliver::Content {
 public:
  explicit SpoolContent(std::shared_ptr<spool::Body> body) : body_(std::move(body)) {}
  std::uint64_t size() const override { return body_->size(); }
  std::optional<std::string_view> view() const override { return body_->view(); }
  boost::asio::awaitable<base::Result<std::size_t>> read(std::uint64_t offset, std::span<char> into) override {
    return body_->read(offset, into);
  }

 private:
  std::shared_ptr<spool::Body> body_;
};

// As much of it as there is, but at most so many octets; less where it cannot be read.
boost::asio::awaitable<std::string> beginning(std::shared_ptr<spool::Body> body, std::size_t most);

}  // namespace godwit::dispatch

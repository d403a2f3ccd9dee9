// SPDX-License-Identifier: Apache-2.0
#include "spool_content.hpp"

namespace godwit::dispatch {

boost::asio::awaitable<std::string> beginning(std::shared_ptr<spool::Body> body, std::size_t most) {
  if (const auto whole = body->view()) co_return std::string(whole->substr(0, most));
  std::string text(most, '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    auto got = co_await body->read(filled, std::span(text).subspan(filled));
    if (!got || *got == 0) break;
    filled += *got;
  }
  text.resize(filled);
  co_return text;
}

}  // namespace godwit::dispatch

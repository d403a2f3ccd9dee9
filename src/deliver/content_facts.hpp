// SPDX-License-Identifier: Apache-2.0
// What must be known of a message before it is changed for a host.  Private to deliver/.
#pragma once

#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "godwit/deliver/agent.hpp"

namespace godwit::deliver {

// The next piece of the content from `at` on; `block` holds it where the content is not in memory.  Errors: as the
// content's; corrupt (it ends early).
boost::asio::awaitable<base::Result<std::string_view>> read_piece(Content& content, std::uint64_t at,
                                                                  std::string& block);
// Many programs declare all they send to be 8-bit.
boost::asio::awaitable<base::Result<bool>> is_ascii(Content& content);
// The header, as far as mail/header looks at one.
boost::asio::awaitable<base::Result<std::string>> read_header(Content& content);

}  // namespace godwit::deliver

// SPDX-License-Identifier: Apache-2.0
#include "content_facts.hpp"

#include "godwit/base/text.hpp"
#include "godwit/mail/header.hpp"

namespace godwit::deliver {
namespace {

constexpr std::size_t body_block = 128U << 10U;

}  // namespace

boost::asio::awaitable<base::Result<std::string_view>> read_piece(Content& content, std::uint64_t at,
                                                                  std::string& block) {
  if (const auto whole = content.view()) co_return whole->substr(at, body_block);
  block.resize(body_block);
  auto got = co_await content.read(at, block);
  if (!got) co_return std::unexpected(got.error());
  if (*got == 0) co_return base::fail(base::ErrorKind::corrupt, "the body ends early");
  co_return std::string_view(block).substr(0, *got);
}

boost::asio::awaitable<base::Result<bool>> is_ascii(Content& content) {
  std::string block;
  for (std::uint64_t at = 0; at < content.size();) {
    auto piece = co_await read_piece(content, at, block);
    if (!piece) co_return std::unexpected(piece.error());
    if (!base::is_ascii(*piece)) co_return false;
    at += piece->size();
  }
  co_return true;
}

boost::asio::awaitable<base::Result<std::string>> read_header(Content& content) {
  std::string beginning;
  std::string block;
  while (beginning.size() < content.size() && beginning.size() < mail::Header::max_bytes &&
         !beginning.contains("\r\n\r\n")) {
    auto piece = co_await read_piece(content, beginning.size(), block);
    if (!piece) co_return std::unexpected(piece.error());
    beginning += *piece;
  }
  co_return std::string(mail::Header(beginning).text());
}

}  // namespace godwit::deliver

// SPDX-License-Identifier: Apache-2.0
#include "raw_message.hpp"

#include <utility>

#include "godwit/mail/header_fixer.hpp"
#include "godwit/smtp/canonical_lines.hpp"

namespace godwit::control {

Task<> RawMessage::read_more() {
  auto reading = pieces_();
  auto piece = co_await std::move(reading);
  if (!piece) co_return std::unexpected(std::move(piece.error()));
  std::string text = std::exchange(after_cr_, false) ? "\r" : "";
  text += *piece;
  ended_ = piece->empty();
  if (!ended_ && text.ends_with('\r')) {
    after_cr_ = true;
    text.pop_back();
  }
  smtp::append_canonical(text, kept_);
  co_return base::Result<>();
}

Task<std::string_view> RawMessage::header() {
  while (!ended_ && !kept_.starts_with("\r\n") && !kept_.contains("\r\n\r\n")) {
    if (kept_.size() > mail::HeaderFixer::max_header)
      co_return base::fail(base::ErrorKind::invalid, "the header is longer than 1 MiB");
    auto reading = read_more();
    const auto read = co_await std::move(reading);
    if (!read) co_return std::unexpected(read.error());
  }
  if (kept_.empty()) co_return base::fail(base::ErrorKind::invalid, "there is no message");
  co_return std::string_view(kept_);
}

Task<std::string_view> RawMessage::next() {
  while (kept_.empty() && !ended_) {
    auto reading = read_more();
    const auto read = co_await std::move(reading);
    if (!read) co_return std::unexpected(read.error());
  }
  given_ = std::exchange(kept_, {});
  co_return std::string_view(given_);
}

}  // namespace godwit::control

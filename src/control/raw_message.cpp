// SPDX-License-Identifier: Apache-2.0
#include "raw_message.hpp"

#include <algorithm>
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

// No byte is searched again with each piece: who sends many small ones costs no more.
bool RawMessage::has_header() {
  constexpr std::string_view end_of_header = "\r\n\r\n";
  if (kept_.starts_with("\r\n") || kept_.find(end_of_header, searched_) != std::string::npos) return true;
  searched_ = kept_.size() - std::min(kept_.size(), end_of_header.size() - 1);
  return false;
}

Task<std::string_view> RawMessage::header() {
  while (!ended_ && !has_header()) {
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

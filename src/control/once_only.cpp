// SPDX-License-Identifier: Apache-2.0
#include "once_only.hpp"

#include <algorithm>
#include <utility>

#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"
#include "submission_answer.hpp"

namespace godwit::control {
namespace {

constexpr std::size_t longest_key = 255;

}  // namespace

DigestedBody::DigestedBody(spool::Pieces pieces, std::string_view first)
    : pieces_(std::move(pieces)), digest_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex(digest_.get(), EVP_sha256(), nullptr);
  EVP_DigestUpdate(digest_.get(), first.data(), first.size());
}

Task<std::string_view> DigestedBody::next() {
  auto reading = pieces_();
  auto piece = co_await std::move(reading);
  if (!piece) co_return piece;
  EVP_DigestUpdate(digest_.get(), piece->data(), piece->size());
  ended_ = piece->empty();
  co_return piece;
}

Task<> DigestedBody::finish() {
  while (!ended_) {
    auto reading = next();
    const auto piece = co_await std::move(reading);
    if (!piece) co_return std::unexpected(piece.error());
  }
  co_return base::Result<>();
}

std::string DigestedBody::fingerprint() {
  std::string digest(32, '\0');
  EVP_DigestFinal_ex(digest_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
  return base::hex_encode(digest);
}

bool OnceOnly::is_the_same() {
  if (fingerprint_.empty()) fingerprint_ = body_->fingerprint();
  return !kept_ || kept_->fingerprint == fingerprint_;
}

Task<> OnceOnly::plan(base::MessageId id, std::vector<smtp::Mailbox> accepted) {
  base::Result<> planned;
  if (!is_the_same()) {
    planned = base::fail(base::ErrorKind::refused, "this Idempotency-Key was used for another message");
  } else {
    auto planning =
        keys_.plan(key(), {.fingerprint = fingerprint_, .id = id, .answer = {}, .plan = accepted_again(id, accepted)});
    planned = co_await std::move(planning);
  }
  planned_ = planned.has_value();
  if (!planned) failure_ = planned.error();
  co_return planned;
}

std::optional<std::string> read_idempotency_key(std::string_view text) {
  text = base::trim(text);
  if (text.size() > 2 && text.starts_with('"') && text.ends_with('"')) text = text.substr(1, text.size() - 2);
  const bool is_key = !text.empty() && text.size() <= longest_key &&
                      std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
  if (!is_key) return {};
  return std::string(text);
}

}  // namespace godwit::control

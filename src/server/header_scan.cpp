// SPDX-License-Identifier: Apache-2.0
#include "header_scan.hpp"

#include <algorithm>
#include <utility>

#include "godwit/base/text.hpp"
#include "godwit/mail/encoded_text.hpp"

namespace godwit::server {
namespace {

constexpr std::string_view received = "received:";
constexpr std::string_view id_field = "message-id:";
constexpr std::string_view tls_field = "tls-required:";
constexpr std::string_view subject_field = "subject:";
constexpr std::size_t kept = 32;  // of a line
constexpr std::size_t kept_of_id = 512;
constexpr std::size_t kept_of_subject = 2000;  // with its encoded words
constexpr std::size_t longest_subject = 400;

}  // namespace

void HeaderScan::put(std::string_view bytes) {
  while (in_header_ && !bytes.empty()) {
    const auto newline = bytes.find('\n');
    const auto piece = bytes.substr(0, newline);
    eight_bit_ = eight_bit_ || !base::is_ascii(piece);
    keep(piece);
    if (newline == std::string_view::npos) return;
    bytes.remove_prefix(newline + 1);
    end_line();
  }
}

// What kind of field it is decides how much.
void HeaderScan::keep(std::string_view piece) {
  const auto begin = piece.substr(0, kept - std::min(kept, line_.size()));
  line_ += begin;
  if (message_id_.empty() && (message_id_follows_ || base::istarts_with(line_, id_field)))
    line_ += piece.substr(begin.size(), kept_of_id - std::min(kept_of_id, line_.size()));
  else if (keeps_subject_ && is_in_subject())
    line_ += piece.substr(begin.size(), kept_of_subject - std::min(kept_of_subject, line_.size()));
}

void HeaderScan::end_line() {
  const bool follows = std::exchange(message_id_follows_, false);
  const bool folded = line_.starts_with(' ') || line_.starts_with('\t');
  if (line_.empty() || line_ == "\r") in_header_ = false;
  if (follows && folded) message_id_ = base::trim(line_);
  if (message_id_.empty() && base::istarts_with(line_, id_field)) {
    message_id_ = base::trim(std::string_view(line_).substr(id_field.size()));
    message_id_follows_ = message_id_.empty();
  }
  if (base::istarts_with(line_, received)) ++received_;
  if (keeps_subject_) end_subject_line(folded);
  if (!folded) begin_tls_field();
  if (in_tls_field_ && folded && tls_required_.size() < kept) tls_required_ += base::trim(line_);
  line_.clear();
}

bool HeaderScan::is_in_subject() const {
  if (in_subject_) return line_.starts_with(' ') || line_.starts_with('\t');
  return !has_subject_ && base::istarts_with(line_, subject_field);
}

void HeaderScan::end_subject_line(bool folded) {
  const std::string_view line = std::string_view(line_).substr(0, line_.find_last_not_of('\r') + 1);
  if (in_subject_ && folded) {
    subject_ += line.substr(0, kept_of_subject - std::min(kept_of_subject, subject_.size()));
    return;
  }
  in_subject_ = !has_subject_ && base::istarts_with(line, subject_field);
  if (!in_subject_) return;
  has_subject_ = true;
  subject_ = line.substr(subject_field.size());
}

std::string HeaderScan::subject() const {
  const auto decoded = mail::decode_words(base::trim(subject_));
  auto end = std::min(longest_subject, decoded.size());
  // Not within a character.
  while (end < decoded.size() && end > 0 && (static_cast<unsigned char>(decoded[end]) & 0xC0U) == 0x80U) --end;
  return decoded.substr(0, end);
}

void HeaderScan::begin_tls_field() {
  in_tls_field_ = base::istarts_with(line_, tls_field);
  if (in_tls_field_) tls_required_ = base::trim(std::string_view(line_).substr(tls_field.size()));
}

bool HeaderScan::tls_optional() const {
  return base::iequals(tls_required_, "No");  // nothing else is defined
}

}  // namespace godwit::server

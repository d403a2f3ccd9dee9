// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/recoder.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "body_encoder.hpp"
#include "crlf.hpp"
#include "godwit/base/text.hpp"
#include "mime_type.hpp"

namespace godwit::mail {
namespace {

// Of a line that is looked at as one: longer than any boundary with the blanks that may follow it.
constexpr std::size_t longest_piece = 1024;

bool is_eight_bit(const std::string& encoding) {
  return encoding == "8bit" || encoding == "binary";
}

std::string field(std::string_view name, std::string_view body) {
  return std::string(name) + ": " + std::string(body) + "\r\n";
}

// The header with another Content-Transfer-Encoding.
std::string relabelled(const Header& header, std::string_view encoding) {
  std::string result;
  bool written = false;
  for (const auto& each : header.fields()) {
    if (!base::iequals(each.name, "Content-Transfer-Encoding")) {
      result += each.raw;
    } else if (!std::exchange(written, true)) {
      result += field("Content-Transfer-Encoding", encoding);
    }
  }
  if (!written) result += field("Content-Transfer-Encoding", encoding);
  return result;
}

void write_plain(std::string_view text, std::string& out) {
  BodyEncoder plain;
  plain.put(text, out);
  plain.finish(out);
}

std::string_view label(TransferEncoding encoding) {
  return encoding == TransferEncoding::base64 ? "base64" : "quoted-printable";
}

}  // namespace

// Goes through the parts as they come.  Input is taken in pieces: lines with their CR LF, long ones in several.
class Recoder::Walk {
 public:
  explicit Walk(Recoding recoding) : recoding_(recoding) {}

  bool put(std::string_view bytes, std::string& out);
  bool finish(std::string& out);

 private:
  struct Delimiter {
    std::size_t depth = 0;  // of the multipart, in open_
    bool closes = false;
  };

  bool take_piece(bool whole, std::string& out);
  bool take_header_line(std::string& out);
  bool take_body_piece(std::string& out);
  bool belongs_to_header() const;
  void end_header(std::string& out);
  TransferEncoding encoding_for(const MimeType& type) const;
  TransferEncoding encoding_of_plain_mail() const;
  std::optional<Delimiter> delimiter() const;
  bool pass_delimiter(const Delimiter& found, std::string& out);

  Recoding recoding_;
  std::vector<std::string> open_;  // boundaries of the multiparts around
  bool in_header_ = true;
  std::string header_;
  std::string piece_;
  bool starts_line_ = true;  // piece_ is the beginning of a line
  bool held_ = false;        // a line end that belongs to the body, or to a boundary that follows
  BodyEncoder body_;
  bool top_ = true;  // no header was read yet
};

bool Recoder::Walk::put(std::string_view bytes, std::string& out) {
  for (const char c : bytes) {
    piece_ += c;
    const bool whole = piece_.ends_with(crlf);
    // A CR stays with what follows it.
    if (!whole && (piece_.size() < longest_piece || c == '\r')) continue;
    if (!take_piece(whole, out)) return false;
    starts_line_ = whole;
    piece_.clear();
  }
  return true;
}

bool Recoder::Walk::finish(std::string& out) {
  if (!piece_.empty() && !take_piece(true, out)) return false;
  if (in_header_) end_header(out);
  if (held_) body_.put(crlf, out);
  if (body_.finish(out)) out += crlf;
  return true;
}

// whole: its line ends with it.
bool Recoder::Walk::take_piece(bool whole, std::string& out) {
  if (whole && starts_line_) {
    if (const auto found = delimiter()) return pass_delimiter(*found, out);
  }
  return in_header_ ? take_header_line(out) : take_body_piece(out);
}

bool Recoder::Walk::take_header_line(std::string& out) {
  if (starts_line_ && piece_ == crlf) {
    end_header(out);
    out += crlf;
    return open_.size() <= max_depth;
  }
  if (starts_line_ && !belongs_to_header()) {
    // What is not a field ends the header, as for mail readers.
    end_header(out);
    return take_body_piece(out);
  }
  header_ += piece_;
  return header_.size() <= max_header;
}

// A field, or a line that goes on with one.
bool Recoder::Walk::belongs_to_header() const {
  if (piece_.starts_with(' ') || piece_.starts_with('\t')) return !header_.empty();
  auto name = std::string_view(piece_).substr(0, piece_.find(':'));
  if (name.size() == piece_.size()) return false;
  while (name.ends_with(' ') || name.ends_with('\t')) name.remove_suffix(1);
  return !name.empty() && std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7F; });
}

bool Recoder::Walk::take_body_piece(std::string& out) {
  const bool line_ends = piece_.ends_with(crlf);
  if (held_) body_.put(crlf, out);
  body_.put(std::string_view(piece_).substr(0, piece_.size() - (line_ends ? crlf.size() : 0)), out);
  held_ = line_ends;
  return true;
}

// RFC 2046 section 5.1.1: "--" boundary, "--" after the last part, blanks.
std::optional<Recoder::Walk::Delimiter> Recoder::Walk::delimiter() const {
  std::string_view line = piece_;
  if (!line.starts_with("--")) return {};
  line.remove_prefix(2);
  while (!line.empty() && std::string_view(" \t\r\n").contains(line.back())) line.remove_suffix(1);
  for (std::size_t depth = open_.size(); depth-- > 0;) {
    const auto& boundary = open_[depth];
    if (line == boundary) return Delimiter{depth, false};
    if (line.size() == boundary.size() + 2 && line.starts_with(boundary) && line.ends_with("--"))
      return Delimiter{depth, true};
  }
  return {};
}

bool Recoder::Walk::pass_delimiter(const Delimiter& found, std::string& out) {
  if (in_header_) end_header(out);  // a part without body
  body_.finish(out);
  if (std::exchange(held_, false)) out += crlf;
  write_plain(piece_, out);
  open_.resize(found.depth + (found.closes ? 0 : 1));
  in_header_ = !found.closes;
  return true;
}

void Recoder::Walk::end_header(std::string& out) {
  const auto text = std::exchange(header_, {});
  const Header header(text);
  const auto type = mime_type(header);
  const bool top = std::exchange(top_, false);
  in_header_ = type.type == "message" && type.subtype == "rfc822";
  const bool has_parts = type.type == "multipart" && !type.boundary.empty();
  if (has_parts) open_.push_back(type.boundary);
  if (has_parts || in_header_) {
    const std::string_view outer = recoding_ == Recoding::binary_to_eight ? "8bit" : "7bit";
    return write_plain(is_eight_bit(type.encoding) ? relabelled(header, outer) : text, out);
  }
  const bool plain_mail = top && !type.declared;
  const auto encoding = plain_mail ? encoding_of_plain_mail() : encoding_for(type);
  body_ = BodyEncoder(encoding);
  if (encoding == TransferEncoding::none) return write_plain(text, out);
  if (!plain_mail) return write_plain(relabelled(header, label(encoding)), out);
  // RFC 1428 section 3: what the characters are, nobody said.
  write_plain(text + field("MIME-Version", "1.0") + field("Content-Type", "text/plain; charset=unknown-8bit") +
                  field("Content-Transfer-Encoding", label(encoding)),
              out);
}

TransferEncoding Recoder::Walk::encoding_of_plain_mail() const {
  return recoding_ == Recoding::binary_to_eight ? TransferEncoding::none : TransferEncoding::quoted_printable;
}

TransferEncoding Recoder::Walk::encoding_for(const MimeType& type) const {
  // RFC 2046 section 5.2: such parts are never encoded, but for those of RFC 6532.
  if (type.type == "message" && !type.subtype.starts_with("global")) return TransferEncoding::none;
  if (type.encoding == "binary") return TransferEncoding::base64;
  if (type.encoding != "8bit" || recoding_ == Recoding::binary_to_eight) return TransferEncoding::none;
  const bool text = type.type.empty() || type.type == "text";
  return text ? TransferEncoding::quoted_printable : TransferEncoding::base64;
}

Recoder::Recoder(Recoding recoding) : walk_(std::make_unique<Walk>(recoding)) {}
Recoder::~Recoder() = default;
Recoder::Recoder(Recoder&&) noexcept = default;
Recoder& Recoder::operator=(Recoder&&) noexcept = default;

bool Recoder::put(std::string_view bytes, std::string& out) {
  return walk_->put(bytes, out);
}
bool Recoder::finish(std::string& out) {
  return walk_->finish(out);
}

}  // namespace godwit::mail

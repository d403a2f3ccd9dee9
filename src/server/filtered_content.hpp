// SPDX-License-Identifier: Apache-2.0
// A message that filters may change before it is stored.  Its header is held in memory, its body streams into the
// spool, so a changed header costs no copy of the message: it is written above the body at the end (spool::prepend).
// Another body goes into a message of its own first, and takes the place of the first one when it is whole.  One
// coroutine at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "godwit/mail/header.hpp"
#include "godwit/mail/header_splitter.hpp"
#include "godwit/policy/filtered_message.hpp"
#include "godwit/spool/spool.hpp"

namespace godwit::server {

class FilteredContent final : public policy::FilteredMessage {
 public:
  static constexpr std::size_t longest_header = mail::Header::max_bytes;

  // message: begun in `spool`.  any_octets: its body has no lines (BINARYMIME).
  FilteredContent(spool::Spool& spool, spool::Incoming& message, bool any_octets)
      : spool_(spool), message_(message), any_octets_(any_octets), splitter_(longest_header) {}

  // As it is received; appends to `body` what shall be written.  Errors: exhausted (the header is too long).
  base::Result<> put(std::string_view bytes, std::string& body) { return splitter_.put(bytes, body); }
  void finish(std::string& body) { splitter_.finish(body); }

  // Requires: finish().  own: a field of ours that filters do not see; on_top: others that they do.
  void begin_filtering(std::string own, std::string_view on_top);
  mail::EditableHeader& header() override { return header_; }
  net::Task<std::size_t> read_body(std::uint64_t offset, std::span<char> into) override;
  net::Task<> write_new_body(std::string_view bytes) override;
  net::Task<> keep_new_body() override;
  void drop_new_body() override;

  // The body is another one, with characters beyond US-ASCII.
  bool became_eight_bit() const { return eight_bit_; }
  // What is to be written above the body.
  std::string head() const { return header_.text() + "\r\n"; }

 private:
  net::Task<> write(std::string bytes);

  spool::Spool& spool_;
  spool::Incoming& message_;
  const bool any_octets_;
  mail::HeaderSplitter splitter_;
  mail::EditableHeader header_;
  std::unique_ptr<spool::Incoming> new_body_;
  bool cr_waits_ = false;       // in the new body: its LF may come
  bool line_is_open_ = false;   // likewise
  bool new_eight_bit_ = false;  // likewise
  bool eight_bit_ = false;
};

}  // namespace godwit::server

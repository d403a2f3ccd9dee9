// SPDX-License-Identifier: Apache-2.0
// What the server must know of a message's header, found as its body streams by, without holding it.  Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace godwit::server {

class HeaderScan {
 public:
  enum class Subject { left_out, kept };

  explicit HeaderScan(Subject subject = Subject::left_out) : keeps_subject_(subject == Subject::kept) {}

  // The message from its first byte on, in any pieces.
  void put(std::string_view bytes);

  bool in_header() const { return in_header_; }
  std::size_t received_fields() const { return received_; }  // hops (RFC 5321 section 6.3)
  bool eight_bit() const { return eight_bit_; }              // characters beyond US-ASCII so far
  // Of the first such field, with its brackets; at most 512 bytes.  Empty: there was none so far.
  const std::string& message_id() const { return message_id_; }
  // Of the first such field, decoded; at most 400 bytes.  Empty: there was none so far, or it is left out.
  std::string subject() const;
  bool tls_optional() const;  // "TLS-Required: No" (RFC 8689 section 3)

 private:
  void keep(std::string_view piece);
  void end_line();
  void begin_tls_field();
  bool is_in_subject() const;
  void end_subject_line(bool folded);

  std::string line_;  // its beginning, as far as it can matter
  std::string message_id_;
  bool message_id_follows_ = false;  // in the next line, if that is folded
  bool keeps_subject_;
  std::string subject_;  // as it came, unfolded
  bool has_subject_ = false;
  bool in_subject_ = false;
  std::string tls_required_;  // what the last such field says
  bool in_tls_field_ = false;
  bool in_header_ = true;
  std::size_t received_ = 0;
  bool eight_bit_ = false;
};

}  // namespace godwit::server

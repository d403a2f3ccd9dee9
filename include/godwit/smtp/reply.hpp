// SPDX-License-Identifier: Apache-2.0
// Replies (RFC 5321 section 4.2, enhanced codes RFC 3463): the ones we send, and the ones we read.  Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::smtp {

// class.subject.detail; 0.0.0 is "none".
struct EnhancedCode {
  int klass = 0;
  int subject = 0;
  int detail = 0;
  bool operator==(const EnhancedCode&) const = default;
  explicit operator bool() const { return klass != 0; }
};
std::string to_string(EnhancedCode code);
std::optional<EnhancedCode> parse_enhanced_code(std::string_view text);

struct Reply {
  int code = 0;
  EnhancedCode enhanced;           // sent before the text of every line, when set
  std::vector<std::string> lines;  // at least one; no CR, LF or control bytes
  bool operator==(const Reply&) const = default;

  bool positive() const { return code >= 200 && code < 400; }
  bool transient() const { return code >= 400 && code < 500; }
  bool permanent() const { return code >= 500 && code < 600; }
};

// One-line reply.  Control bytes of `text` become '?': what a peer sent can never make a second line.
Reply make_reply(int code, EnhancedCode enhanced, std::string_view text);

// "250-2.1.0 first\r\n250 2.1.0 last\r\n".
std::string to_wire(const Reply& reply);
// "250 2.1.0 first last" on one line, for logs and DSNs (not escaped).
std::string to_line(const Reply& reply);

// Reads replies of a peer from a byte stream.  Tolerates bare LF and lines without text; bounded.
class ReplyReader {
 public:
  static constexpr std::size_t max_lines = 256;        // an EHLO answer has far fewer
  static constexpr std::size_t max_bytes = 64 * 1024;  // of one reply
  static constexpr std::size_t max_kept = 8 * 1024;    // of its text; the rest is read and forgotten
  enum class Status { complete, more, malformed, too_long };
  // Takes bytes from the front of `input`.  complete: `reply()` holds one, the rest of `input` is untouched.
  Status read(std::string_view& input);
  // The last complete reply; its enhanced code is taken out of the text where it parses and its class matches the
  // code's.
  Reply& reply() { return reply_; }
  // No reply has been begun.
  bool empty() const { return line_.empty() && (done_ || reply_.lines.empty()); }
  void reset();

 private:
  Status take_line();

  std::string line_;
  std::size_t bytes_ = 0;
  std::size_t kept_ = 0;
  bool done_ = false;
  Reply reply_;
};

}  // namespace godwit::smtp

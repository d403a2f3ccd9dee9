// SPDX-License-Identifier: Apache-2.0
// Text as programs write it becomes a message as the mail system carries it: every line ends in CR LF, none is left
// open, and no NUL is in it.  Line ends may be LF, CR LF, CRs before an LF (what a program makes of CR LF that takes it
// for text), or a CR alone (progress bars).  Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace godwit::tools {

enum class DotLine { is_text, ends };

class CanonicalText {
 public:
  explicit CanonicalText(DotLine dot) : dot_(dot) {}

  // Appends to `out` what `bytes` become.  A "From " line at the very beginning, as in mailbox files, is left out.
  void put(std::string_view bytes, std::string& out);
  void finish(std::string& out);
  // A line with a dot alone was there: what follows is no part of the message.
  bool ended() const { return ended_; }
  bool has_high_bytes() const { return has_high_bytes_; }

 private:
  enum class At { first_line, line_start, dot, text, skipped_line };
  void put(char c, std::string& out);
  void put_in_line(char c, std::string& out);
  void end_line(std::string& out);

  DotLine dot_;
  At at_ = At::first_line;
  bool has_cr_ = false;  // not decided yet
  std::string first_;    // of the first line, while it may still be a "From " line
  bool ended_ = false;
  bool has_high_bytes_ = false;
};

}  // namespace godwit::tools

// SPDX-License-Identifier: Apache-2.0
#include "line_reader.hpp"

namespace godwit::smtp {

// Takes all up to and with the next LF.
LineReader::Skipped LineReader::skip(std::string_view& input) {
  const auto lf = input.find('\n');
  if (lf == std::string_view::npos) {
    if (!input.empty()) after_cr_ = input.ends_with('\r');
    input = {};
    return Skipped::more;
  }
  const bool crlf = lf > 0 ? input[lf - 1] == '\r' : after_cr_;
  input.remove_prefix(lf + 1);
  after_cr_ = false;
  return crlf ? Skipped::end : Skipped::lf;
}

LineReader::Status LineReader::read(std::string_view& input, std::size_t limit, std::string_view& line) {
  if (skipping_ == Skipping::told) {
    const auto skipped = skip(input);
    if (skipped != Skipped::end) return skipped == Skipped::lf ? Status::hopeless : Status::more;
    skipping_ = Skipping::no;
  }
  if (skipping_ == Skipping::no) {
    const auto lf = input.substr(0, limit + 1).find('\n');
    if (lf != std::string_view::npos) {
      const auto text = input.substr(0, lf);
      input.remove_prefix(lf + 1);
      if (!text.ends_with('\r')) {
        skipping_ = Skipping::told;
        after_cr_ = false;
        return Status::bad;
      }
      line = text.substr(0, text.size() - 1);
      return line.find_first_of(std::string_view("\r\0", 2)) == std::string_view::npos ? Status::complete : Status::bad;
    }
    if (input.size() <= limit) return Status::more;
    skipping_ = Skipping::untold;
    after_cr_ = false;
  }
  for (;;) {
    const auto skipped = skip(input);
    if (skipped == Skipped::more) return Status::more;
    if (skipped == Skipped::end) break;
  }
  skipping_ = Skipping::no;
  return Status::too_long;
}

}  // namespace godwit::smtp

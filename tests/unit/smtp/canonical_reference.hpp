// SPDX-License-Identifier: Apache-2.0
// Message data read by the letter of RFC 5321 section 4.5.2, slowly: what DataReader must agree with.
#pragma once

#include <string>
#include <string_view>

namespace godwit::test {

struct PlainReading {
  std::string data;
  std::string_view rest;
  bool end = false;
  bool bare_newline = false;
};

inline PlainReading read_data_plainly(std::string_view text) {
  PlainReading result;
  const std::string stream = "\r\n" + std::string(text);  // the end of the DATA line precedes
  const auto end = stream.find("\r\n.\r\n");
  result.end = end != std::string::npos;
  const auto consumed = result.end ? end + 5 : stream.size();
  result.rest = text.substr(consumed - 2);
  for (std::size_t at = 0; at < (result.end ? end + 2 : stream.size()); ++at) {
    const bool line_begins = at >= 2 && stream.compare(at - 2, 2, "\r\n") == 0;
    if (line_begins && stream[at] == '.') continue;
    if (stream[at] == '\n' && (at == 0 || stream[at - 1] != '\r')) result.bare_newline = true;
    // A CR that ends the text is not known to be bare.
    if (stream[at] == '\r' && at + 1 < stream.size() && stream[at + 1] != '\n') result.bare_newline = true;
    if (at >= 2) result.data += stream[at];
  }
  return result;
}

}  // namespace godwit::test

// SPDX-License-Identifier: Apache-2.0
// Takes the parts of a structured MIME field from its front (RFC 2045 section 5.1).  Pure; linear in the text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::mail {

struct MimeParameter {
  std::string name;   // lower case, as written: "filename*0*"
  std::string value;  // a quoted string without its quotes, or a token
  std::string loose;  // all up to the next ";", as those take it who know no tokens; mostly the same
};

class MimeTokens {
 public:
  // text: unfolded; outlives it.
  explicit MimeTokens(std::string_view text) : text_(text) {}

  std::string_view token();
  bool take(char c);
  // Those that follow, at most so many.
  std::vector<MimeParameter> parameters(std::size_t most);

 private:
  bool next_parameter();  // on to what follows the next ";"
  void read_value(MimeParameter& into);
  std::string quoted();
  void skip();  // blanks and comments

  std::string_view text_;
};

}  // namespace godwit::mail

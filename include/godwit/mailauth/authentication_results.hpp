// SPDX-License-Identifier: Apache-2.0
// The field Authentication-Results (RFC 8601): composed, and recognised where somebody else put it in under our name.
// Pure.  What peers said can neither add a field nor a result.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "godwit/mailauth/arc.hpp"
#include "godwit/mailauth/dkim.hpp"
#include "godwit/mailauth/dmarc.hpp"
#include "godwit/mailauth/spf.hpp"

namespace godwit::mailauth {

struct MethodResult {
  std::string method;  // "spf"
  std::string result;  // "pass"
  std::string comment{};
  std::string reason{};
  std::vector<std::pair<std::string, std::string>> properties{};  // {"smtp.mailfrom", "alice@example.net"}
};

// What follows the authserv-id: "; spf=pass smtp.mailfrom=a@b; …", folded; "; none" without results.
std::string results_text(const std::vector<MethodResult>& results);
// "Authentication-Results: id; …" with its CRLF.
std::string authentication_results_field(std::string_view id, const std::vector<MethodResult>& results);

// `property`: "smtp.mailfrom" or "smtp.helo".
MethodResult describe(const SpfOutcome& outcome, std::string property, std::string value);
MethodResult describe(const DkimVerdict& verdict);
MethodResult describe(const DmarcVerdict& verdict);
MethodResult describe(const ArcVerdict& verdict);

// Whether such results say this: `method` with `result`, outside of comments and quoted strings.
bool says_result(std::string_view results, std::string_view method, std::string_view result);

// The authserv-id of a field's body; empty: it cannot be read.
std::string authentication_service(std::string_view body);

// Takes fields of ours out of a message that comes from outside, in pieces; all else passes byte for byte.
class ForgedResultsFilter {
 public:
  explicit ForgedResultsFilter(std::string id) : id_(std::move(id)) {}
  // Appends to `out` what may pass so far.
  void put(std::string_view bytes, std::string& out);
  void finish(std::string& out);
  std::size_t removed() const { return removed_; }

 private:
  enum class Fate { open, passes, goes };
  void put_piece(std::string_view piece, std::string& out);
  void decide(std::string& out);

  std::string id_;
  std::string held_;  // of a field whose fate is open
  Fate fate_ = Fate::open;
  std::size_t removed_ = 0;
  bool at_line_start_ = true;
  // Only CRLF CRLF ends a header, as mail::Header has it: a bare LF, which BINARYMIME may hold, hides no field from us.
  bool ended_in_crlf_ = true;  // the line before this piece
  bool follows_crlf_ = true;   // this line does
  char last_ = '\n';
  bool in_body_ = false;
};

}  // namespace godwit::mailauth

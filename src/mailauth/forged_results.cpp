// SPDX-License-Identifier: Apache-2.0
// Fields Authentication-Results under our name (RFC 8601 section 5).
#include <algorithm>

#include "godwit/base/text.hpp"
#include "godwit/mailauth/authentication_results.hpp"

namespace godwit::mailauth {
namespace {

constexpr std::string_view field_name = "authentication-results";
constexpr std::size_t most_held = 16384;  // of one field; where its name ought to be long before

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// Behind comments and folding (RFC 5322 section 3.2.2).
std::string_view skip_comments(std::string_view text) {
  int depth = 0;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\\' && depth > 0) {
      ++at;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')' && depth > 0) {
      --depth;
    } else if (depth == 0 && !is_blank(c)) {
      break;
    }
  }
  return text.substr(std::min(at, text.size()));
}

std::string quoted(std::string_view text) {
  std::string value;
  for (std::size_t at = 1; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) ++at;
    value += text[at];
  }
  return value;
}

// Behind the next ";" that stands neither in a comment nor in a quoted string.
std::string_view behind_semicolon(std::string_view text) {
  int depth = 0;
  bool quotes = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\\') {
      ++at;
    } else if (c == '"' && depth == 0) {
      quotes = !quotes;
    } else if (!quotes && c == '(') {
      ++depth;
    } else if (!quotes && c == ')' && depth > 0) {
      --depth;
    } else if (!quotes && depth == 0 && c == ';') {
      return text.substr(at + 1);
    }
  }
  return {};
}

// Whether a field that begins like this may be one of these at all.
bool may_be_results(std::string_view begun) {
  const auto shared = std::min(begun.size(), field_name.size());
  if (!base::iequals(begun.substr(0, shared), field_name.substr(0, shared))) return false;
  const auto behind = begun.find_first_not_of(" \t", shared);
  return behind == std::string_view::npos || begun.size() == shared || begun[behind] == ':';
}

}  // namespace

bool says_result(std::string_view results, std::string_view method, std::string_view result) {
  const auto wanted = std::string(method) + "=" + std::string(result);
  while (!results.empty()) {
    const auto one = skip_comments(results);
    if (base::istarts_with(one, wanted)) {
      const auto behind = one.substr(wanted.size(), 1);
      if (behind.empty() || is_blank(behind.front()) || behind == ";" || behind == "(") return true;
    }
    results = behind_semicolon(one);
  }
  return false;
}

std::string authentication_service(std::string_view body) {
  const auto text = skip_comments(body);
  if (text.starts_with('"')) return quoted(text);
  return std::string(text.substr(0, text.find_first_of(" \t\r\n;(")));
}

void ForgedResultsFilter::put(std::string_view bytes, std::string& out) {
  while (!bytes.empty() && !in_body_) {
    const auto newline = bytes.find('\n');
    const auto piece = bytes.substr(0, newline == std::string_view::npos ? newline : newline + 1);
    put_piece(piece, out);
    bytes.remove_prefix(piece.size());
  }
  out += bytes;
}

void ForgedResultsFilter::put_piece(std::string_view piece, std::string& out) {
  if (at_line_start_) follows_crlf_ = ended_in_crlf_;
  if (at_line_start_ && piece.front() != ' ' && piece.front() != '\t') {
    decide(out);
    fate_ = Fate::open;
  }
  at_line_start_ = piece.ends_with('\n');
  if (at_line_start_) ended_in_crlf_ = piece.ends_with("\r\n") || (piece.size() == 1 && last_ == '\r');
  last_ = piece.back();
  if (fate_ == Fate::passes) out += piece;
  if (fate_ != Fate::open) return;
  held_ += piece;
  if (held_ == "\r") return;
  if (held_ == "\r\n") in_body_ = follows_crlf_;
  if (in_body_ || !may_be_results(held_)) {
    out += held_;
    held_.clear();
    fate_ = Fate::passes;
  } else if (held_.size() > most_held) {
    decide(out);
  }
}

void ForgedResultsFilter::decide(std::string& out) {
  if (held_.empty()) return;
  const auto colon = held_.find(':');
  const auto service =
      colon == std::string::npos ? std::string("?") : authentication_service(std::string_view(held_).substr(colon + 1));
  fate_ = service.empty() || base::iequals(service, id_) ? Fate::goes : Fate::passes;
  if (fate_ == Fate::passes)
    out += held_;
  else
    ++removed_;
  held_.clear();
}

void ForgedResultsFilter::finish(std::string& out) {
  decide(out);
}

}  // namespace godwit::mailauth

// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/header_splitter.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "crlf.hpp"
#include "header_line.hpp"

namespace godwit::mail {

base::Result<> HeaderSplitter::put(std::string_view bytes, std::string& body) {
  if (ended_) {
    body += bytes;
    return {};
  }
  header_ += bytes;
  for (;;) {
    const auto end = header_.find(crlf, scanned_);
    if (end == std::string::npos) break;
    if (!belongs(std::string_view(header_).substr(line_, end - line_))) {
      this->end(body);
      return {};
    }
    line_ = scanned_ = end + crlf.size();
  }
  scanned_ = std::max(line_, header_.size() - std::min<std::size_t>(header_.size(), 1));  // a CR may wait for its LF
  if (header_.size() > longest_)
    return base::fail(base::ErrorKind::exhausted, fmt::format("the header is longer than {} KiB", longest_ / 1024));
  return {};
}

bool HeaderSplitter::belongs(std::string_view line) const {
  return continues_field(line) ? line_ > 0 : field_name_length(line) > 0;
}

void HeaderSplitter::end(std::string& body) {
  auto rest = std::string_view(header_).substr(line_);
  if (rest.starts_with(crlf)) rest.remove_prefix(crlf.size());
  body += rest;
  header_.resize(line_);
  ended_ = true;
}

void HeaderSplitter::finish(std::string& body) {
  if (ended_) return;
  if (line_ < header_.size()) std::ignore = put(crlf, body);
  if (!ended_) end(body);
}

}  // namespace godwit::mail

// SPDX-License-Identifier: Apache-2.0
#include "mime_type.hpp"

#include "godwit/base/text.hpp"
#include "mime_tokens.hpp"

namespace godwit::mail {
namespace {

constexpr std::size_t longest_boundary = 70;  // RFC 2046 section 5.1.1
constexpr std::size_t most_parameters = 100;

void read_content_type(std::string_view body, MimeType& into) {
  MimeTokens tokens(body);
  const auto type = tokens.token();
  if (type.empty() || !tokens.take('/')) return;
  into.subtype = base::to_lower(tokens.token());
  into.type = base::to_lower(type);
  for (auto& parameter : tokens.parameters(most_parameters))
    if (parameter.name == "boundary" && into.boundary.empty() && parameter.value.size() <= longest_boundary)
      into.boundary = std::move(parameter.value);
}

}  // namespace

MimeType mime_type(const Header& header) {
  MimeType result;
  result.declared = header.find("MIME-Version").has_value();
  if (const auto field = header.find("Content-Type")) {
    result.declared = true;
    read_content_type(unfold(field->body), result);
  }
  if (const auto field = header.find("Content-Transfer-Encoding")) {
    const auto text = unfold(field->body);
    result.encoding = base::to_lower(MimeTokens(text).token());
  }
  return result;
}

}  // namespace godwit::mail

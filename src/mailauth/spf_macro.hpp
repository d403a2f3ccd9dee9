// SPDX-License-Identifier: Apache-2.0
// Macros of SPF (RFC 7208 section 7): checked when a record is read, replaced when a term is evaluated.  Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "godwit/base/ip_address.hpp"

namespace godwit::mailauth {

struct MacroValues {
  std::string local;
  std::string sender_domain;
  std::string domain;  // the current one
  std::string hello;
  std::string receiver;
  std::string validated_name;  // %{p}
  base::IpAddress client;
  std::int64_t seconds = 0;  // %{t}
};

enum class MacroPlace { domain, explanation };  // the explanation has %{c}, %{r}, %{t} and spaces beside the others

// Whether the text is a macro-string (or explain-string) of section 7.1.
bool is_macro_string(std::string_view text, MacroPlace place);
// Whether it is a domain-spec: ends in a top label or a macro.
bool is_domain_spec(std::string_view text);
// Whether %{p} is in it, which takes look-ups.
bool names_validated_name(std::string_view text);

// Requires: is_macro_string.
std::string expand_macros(std::string_view text, const MacroValues& values);
// Section 7.3: without labels at the left until it has 253 characters at most.
std::string shorten_name(std::string name);

}  // namespace godwit::mailauth

// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/received.hpp"

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "godwit/mail/header.hpp"
#include "godwit/mail/safe_text.hpp"

namespace godwit::mail {
namespace {

// RFC 5321 section 4.1.3: IPv6 addresses carry a tag.
std::string literal(std::string_view address) {
  const auto safe = safe_word(address);
  return safe.find(':') == std::string::npos ? "[" + safe + "]" : "[IPv6:" + safe + "]";
}

std::string from_clause(const Trace& trace) {
  if (trace.client_address.empty()) return {};
  const auto name = trace.client_name.empty() ? "unknown" : safe_word(trace.client_name);
  return fmt::format("from {} ({} {})\r\n\t", safe_word(trace.hello), name, literal(trace.client_address));
}

std::string by_clause(const Trace& trace) {
  const auto name = safe_word(trace.hostname);
  return trace.local_user.empty() ? name : fmt::format("{} (user {})", name, safe_word(trace.local_user));
}

std::string tls_clause(const Trace& trace) {
  if (trace.tls_version.empty()) return {};
  return fmt::format("\r\n\t({} cipher {})", safe_word(trace.tls_version), safe_word(trace.tls_cipher));
}

std::string for_clause(const Trace& trace) {
  if (!trace.recipient) return {};
  return fmt::format("\r\n\tfor <{}>", safe_utf8(to_string(*trace.recipient)));
}

}  // namespace

std::string received_field(const Trace& trace) {
  return fmt::format("Received: {}by {} with {} id {}{}{};\r\n\t{}\r\n", from_clause(trace), by_clause(trace),
                     safe_word(trace.protocol), to_string(trace.id), tls_clause(trace), for_clause(trace),
                     base::format_rfc5322(trace.time));
}

std::string return_path_field(const smtp::ReversePath& sender) {
  return fmt::format("Return-Path: <{}>\r\n", safe_utf8(to_string(sender)));
}

std::string delivered_to_field(const smtp::Mailbox& recipient) {
  return fmt::format("Delivered-To: {}\r\n", safe_utf8(to_string(recipient)));
}

std::set<std::string> delivered_to(std::string_view message) {
  std::set<std::string> addresses;
  const Header header(message);
  for (const auto& field : header.fields())
    if (base::iequals(field.name, "Delivered-To")) addresses.insert(base::to_lower(unfold(field.body)));
  return addresses;
}

}  // namespace godwit::mail

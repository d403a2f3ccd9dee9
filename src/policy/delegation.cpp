// SPDX-License-Identifier: Apache-2.0
#include "delegation.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "godwit/mail/added_field.hpp"
#include "service_reply.hpp"

namespace godwit::policy {
namespace {

using Kind = Verdict::Kind;

constexpr std::size_t longest_delegated_evidence = 300;

std::string_view state_of(Stage stage, const smtp::Hello& hello) {
  switch (stage) {
    case Stage::connect:
      return "CONNECT";
    case Stage::helo:
      return hello.extended ? "EHLO" : "HELO";
    case Stage::mail:
      return "MAIL";
    case Stage::rcpt:
      return "RCPT";
    case Stage::data:
      return "DATA";
    case Stage::end:
      break;
  }
  return "END-OF-MESSAGE";
}

class Attributes {
 public:
  // What would end it, or the request, becomes '?'.
  void add(std::string_view name, std::string_view value) {
    text_ += name;
    text_ += '=';
    for (const char c : value) text_ += static_cast<unsigned char>(c) < ' ' || c == 0x7F ? '?' : c;
    text_ += '\n';
  }
  std::string finish() { return std::move(text_) + "\n"; }

 private:
  std::string text_;
};

// "unknown" is what Postfix says, too.
std::string name_or_unknown(const ClientName& name, bool known) {
  return known && !name.name.empty() ? name.name : "unknown";
}

void add_client(const Facts& facts, Attributes& attributes) {
  attributes.add("client_address", base::to_string(facts.client));
  attributes.add("client_name", name_or_unknown(facts.client_name, facts.client_name.verified()));
  attributes.add("client_port", facts.client_port == 0 ? "" : std::to_string(facts.client_port));
  attributes.add("reverse_client_name", name_or_unknown(facts.client_name, true));
  attributes.add("server_address", base::to_string(facts.listener.address));
  attributes.add("server_port", std::to_string(facts.listener.port));
}

void add_envelope(const Facts& facts, Stage stage, Attributes& attributes) {
  const bool has_recipients = stage >= Stage::data;
  std::string recipient;
  if (stage == Stage::rcpt) recipient = to_string(facts.recipient);
  if (has_recipients && facts.recipients.size() == 1) recipient = to_string(facts.recipients.front());
  attributes.add("sender", stage >= Stage::mail ? smtp::to_string(facts.sender) : "");
  attributes.add("recipient", recipient);
  attributes.add("recipient_count", std::to_string(has_recipients ? facts.recipients.size() : 0));
  attributes.add("queue_id", facts.id.value == 0 ? "" : to_string(facts.id));
  attributes.add("size", std::to_string(stage == Stage::end ? facts.size : facts.parameters.size));
}

void add_session(const Facts& facts, Attributes& attributes) {
  attributes.add("sasl_method", facts.account.empty() ? "" : facts.mechanism);
  attributes.add("sasl_username", facts.account);
  attributes.add("sasl_sender", "");
  attributes.add("ccert_subject", facts.tls ? facts.tls->peer_subject : "");
  for (const auto* unknown : {"ccert_issuer", "ccert_fingerprint", "ccert_pubkey_fingerprint"})
    attributes.add(unknown, "");
  attributes.add("encryption_protocol", facts.tls ? facts.tls->version : "");
  attributes.add("encryption_cipher", facts.tls ? facts.tls->cipher : "");
  attributes.add("encryption_keysize", "0");
  attributes.add("etrn_domain", "");
  attributes.add("stress", "");
}

// "action" of "action=...", which comes once.
std::optional<std::string_view> action_in(std::string_view answer) {
  std::optional<std::string_view> action;
  for (auto line : base::split(answer, '\n')) {
    line = base::trim(line);
    if (!line.starts_with("action=")) {
      if (line.empty() || line.find('=') != std::string_view::npos) continue;  // others may come with it
      return std::nullopt;
    }
    if (action) return std::nullopt;
    action = base::trim(line.substr(line.find('=') + 1));
  }
  return action;
}

// The first word of `text`, which is what is behind it then.
std::string_view take_word(std::string_view& text) {
  const auto end = std::min(text.find_first_of(" \t"), text.size());
  const auto word = text.substr(0, end);
  text = base::trim(text.substr(end));
  return word;
}

struct Refusal {
  int code = 0;
  smtp::EnhancedCode enhanced;
  std::string_view usual;  // text
};

// An enhanced code at the start of the text takes the place of the usual one.
smtp::Reply refusal_with(Refusal refusal, std::string_view text, smtp::Utf8 utf8) {
  auto rest = text;
  const auto first = take_word(rest);
  if (const auto enhanced = smtp::parse_enhanced_code(first); enhanced && enhanced->klass == refusal.code / 100) {
    refusal.enhanced = *enhanced;
    text = rest;
  }
  return service_reply(refusal.code, refusal.enhanced, text.empty() ? refusal.usual : text, utf8);
}

Verdict refused(Kind kind, Refusal refusal, std::string_view text, smtp::Utf8 utf8) {
  auto reply = refusal_with(refusal, text, utf8);
  auto evidence = to_line(reply);
  return {.kind = kind, .evidence = std::move(evidence), .reply = std::move(reply)};
}

constexpr Refusal usual_rejection{.code = 554, .enhanced = {5, 7, 1}, .usual = "Access denied"};
constexpr Refusal usual_deferral{.code = 450, .enhanced = {4, 7, 1}, .usual = "Access denied, try again later"};

Verdict prepended(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return failed("it says PREPEND without a header field");
  auto field = mail::added_field(text.substr(0, colon), text.substr(colon + 1));
  if (!field) return failed("it says PREPEND with " + field.error().message);
  return {.evidence = "PREPEND " + base::printable(text, longest_delegated_evidence), .header = std::move(*field)};
}

bool is_number(std::string_view word) {
  return !word.empty() && base::parse_unsigned(word).has_value();
}

// "550 5.7.1 text"; a number alone is not an error to Postfix, but OK.
std::optional<Verdict> numbered(std::string_view word, std::string_view text, smtp::Utf8 utf8) {
  if (!is_number(word)) return std::nullopt;
  const bool is_code = word.size() == 3 && (word[0] == '4' || word[0] == '5');
  if (!is_code && !text.empty()) return std::nullopt;
  if (!is_code) return Verdict{.kind = Kind::accept, .evidence = std::string(word.substr(0, 20))};
  auto usual = word[0] == '5' ? usual_rejection : usual_deferral;
  usual.code = static_cast<int>(*base::parse_unsigned(word));
  return refused(word[0] == '5' ? Kind::reject : Kind::defer, usual, text, utf8);
}

}  // namespace

std::string delegation_request(const Facts& facts, Stage stage, std::string_view instance, std::string_view context) {
  Attributes attributes;
  attributes.add("request", "smtpd_access_policy");
  attributes.add("protocol_state", state_of(stage, facts.hello));
  attributes.add("protocol_name", facts.hello.extended ? "ESMTP" : "SMTP");
  attributes.add("helo_name", stage == Stage::connect ? "" : facts.hello.name);
  add_client(facts, attributes);
  add_envelope(facts, stage, attributes);
  attributes.add("instance", instance);
  add_session(facts, attributes);
  attributes.add("policy_context", context);
  return attributes.finish();
}

Verdict delegated_verdict(std::string_view answer, smtp::Utf8 utf8) {
  const auto action = action_in(answer);
  if (!action || action->empty()) return failed("its answer is no action");
  auto text = *action;
  const auto said = take_word(text);
  const auto word = base::to_upper(said);
  const auto evidence = base::printable(*action, longest_delegated_evidence);
  if (word == "DUNNO") return no_opinion(text.empty() ? "" : evidence);
  if (word == "WARN" || word == "INFO") return no_opinion(evidence);
  if (word == "OK" || word == "PERMIT") return {.kind = Kind::accept, .evidence = text.empty() ? "" : evidence};
  if (word == "REJECT") return refused(Kind::reject, usual_rejection, text, utf8);
  if (word == "DEFER") return refused(Kind::defer, usual_deferral, text, utf8);
  if (word == "DEFER_IF_PERMIT") {
    auto verdict = refused(Kind::defer, usual_deferral, text, utf8);
    verdict.if_others_take = true;
    return verdict;
  }
  if (word == "DEFER_IF_REJECT") {
    auto verdict = no_opinion(evidence);
    verdict.softens = true;
    return verdict;
  }
  if (word == "DISCARD") return {.kind = Kind::discard, .evidence = text.empty() ? "" : evidence};
  if (word == "HOLD") {
    auto reason = base::printable(text, longest_delegated_evidence);
    return {.kind = Kind::quarantine, .evidence = reason, .reason = reason};
  }
  if (word == "PREPEND") return prepended(text);
  if (auto verdict = numbered(said, text, utf8)) return std::move(*verdict);
  return failed(fmt::format("its action {} is not supported here", base::printable(said, 40)));
}

}  // namespace godwit::policy

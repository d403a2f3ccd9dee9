// SPDX-License-Identifier: Apache-2.0
// The keys of who may ask the daemon, and how.
#include <charconv>

#include "names.hpp"
#include "schema.hpp"

namespace godwit::config {
namespace {

using control::Scope;
using control::Scopes;
using control::TokenSettings;

Type<std::optional<base::Endpoint>> endpoint_or_empty() {
  const auto endpoint = tcp_endpoint(std::nullopt);
  return {.name = endpoint.name + "; \"\": there is none",
          .read =
              [read = endpoint.read](std::optional<base::Endpoint>& target, const YAML::Node& node, Reader& reader) {
                target.reset();
                if (node.IsScalar() && node.Scalar().empty()) return;
                base::Endpoint value;
                const auto before = reader.errors();
                read(value, node, reader);
                if (reader.errors() == before) target = std::move(value);
              },
          .show = [show = endpoint.show](const auto& value) { return value ? show(*value) : std::string("\"\""); }};
}

// A list of words, kept as bits.
Type<Scopes> scopes() {
  const std::vector<std::pair<std::string, Scope>> all = {
      {"read", Scope::read}, {"queue", Scope::queue}, {"admin", Scope::admin}, {"submit", Scope::submit}};
  const auto words = list_of(word<Scope>(all), Single::accept);
  return {.name = words.name,
          .read =
              [read = words.read](Scopes& target, const YAML::Node& node, Reader& reader) {
                std::vector<Scope> chosen;
                read(chosen, node, reader);
                target = 0;
                for (const auto scope : chosen) target = static_cast<Scopes>(target | static_cast<Scopes>(scope));
              },
          .show =
              [all](const Scopes& value) {
                std::vector<std::string> names;
                for (const auto& [name, scope] : all)
                  if ((value & static_cast<Scopes>(scope)) != 0) names.push_back(name);
                return "[" + base::join(names, ", ") + "]";
              }};
}

Fields<TokenSettings> token_fields() {
  return {
      make_field<TokenSettings>(
          "file", [](auto& t) -> auto& { return t.file; }, absolute_path(),
          "Its first line is the token, of 16 characters at least; nobody else may read the file", Reload::yes,
          Need::required),
      make_field<TokenSettings>(
          "scopes", [](auto& t) -> auto& { return t.scopes; }, scopes(),
          "What it opens: `read` all that changes nothing, and the metrics; `queue` orders about messages and "
          "deliveries; `admin` everything; `submit` handing in messages, as `account`"),
      make_field<TokenSettings>(
          "account", [](auto& t) -> auto& { return t.account; }, or_empty(text(), "none"),
          "With `submit`: the account as which it hands in messages (`POST /v1/messages`), whose rules and limits "
          "count"),
      make_field<TokenSettings>(
          "senders", [](auto& t) -> auto& { return t.senders; },
          list_of(scalar<std::string>("address or @domain", parse_address_pattern, show_text), Single::accept),
          "Sender addresses that it may use beside the account's own, instead of those that the account has; empty: as "
          "the account, where `accounts` names a file"),
      make_field<TokenSettings>(
          "messages", [](auto& t) -> auto& { return t.messages; }, list_of(rate(), Single::accept),
          "Messages that it may hand in, such as `[100/1h, 500/1d]`; more are answered 429. Empty: as many as the "
          "rules "
          "of its account let it"),
      make_field<TokenSettings>(
          "recipients", [](auto& t) -> auto& { return t.recipients; }, list_of(rate(), Single::accept),
          "The same of their recipients. A message is taken while anything of it is left"),
  };
}

Type<std::optional<double>> percent_or_empty() {
  return scalar<std::optional<double>>(
      "percentage, such as 5%; \"\": any",
      [](const std::string& text) -> base::Result<std::optional<double>> {
        if (text.empty()) return std::optional<double>();
        double value = -1;
        const auto* end = text.data() + text.size() - 1;
        const auto [last, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
        if (text.back() != '%' || error != std::errc() || last != end || !(value >= 0 && value <= 100))
          return invalid(fmt::format("\"{}\" is no percentage from 0% to 100%", base::printable(text)));
        return std::optional(value);
      },
      [](const std::optional<double>& value) { return value ? fmt::format("{}%", *value) : std::string("\"\""); });
}

}  // namespace

Fields<Document> control_part() {
  constexpr auto at_start = Reload::restart;
  return {
      field(
          "control.socket", [](auto& d) -> auto& { return d.settings.control.socket; }, absolute_path(),
          "Unix socket for godwitctl", at_start),
      field(
          "control.submit_socket", [](auto& d) -> auto& { return d.settings.control.submit_socket; },
          or_empty(absolute_path(), "submit.sock beside `socket`"),
          "Unix socket for the mail of programs on this host (sendmail); every user may connect", at_start),
      field(
          "control.http", [](auto& d) -> auto& { return d.settings.control.http; }, endpoint_or_empty(),
          "The web console, the same API and the metrics over TCP, for who shows a token", at_start),
      field(
          "control.http_tls", [](auto& d) -> auto& { return d.settings.control.http_tls; }, boolean(),
          "Over TLS, with `tls.certificates`; other addresses than loopback need it", at_start),
      field(
          "control.tokens", [](auto& d) -> auto& { return d.settings.control.tokens; }, records(token_fields()),
          "Who may ask over TCP"),
      field(
          "reload.refuse_newly_rejected", [](auto& d) -> auto& { return d.settings.control.refuse_newly_rejected; },
          percent_or_empty(),
          "A reload is refused when of the last 1000 envelopes that were accepted more than this share would be "
          "refused "
          "by the new configuration, and not by the present one; the smaller value of both counts. `godwitctl reload "
          "--force` applies it nevertheless"),
  };
}

}  // namespace godwit::config

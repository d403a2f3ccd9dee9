// SPDX-License-Identifier: Apache-2.0
// The keys of what comes back: senders that lead it here, what replies mean, and who gets no mail any more.
#include <chrono>

#include "bounce_patterns.hpp"
#include "names.hpp"
#include "schema.hpp"

namespace godwit::config {
namespace {

using mail::FailureAction;
using mail::FailureClass;
using mail::FailureRule;
using smtp::Stage;

constexpr std::size_t shortest = 3, longest = 200;  // of a pattern of words

// "550", "45*", "5.7.1", "*.7.*".
bool is_code(std::string_view text) {
  const auto parts = base::split(text, '.');
  const auto fits = [](std::string_view part) {
    return !part.empty() && part.size() <= 3 && part.find_first_not_of("0123456789*") == std::string_view::npos;
  };
  return (parts.size() == 1 || parts.size() == 3) && std::ranges::all_of(parts, fits);
}

Type<std::string> reply_code() {
  return scalar<std::string>(
      "code, with *",
      [](const std::string& text) -> base::Result<std::string> {
        if (is_code(text)) return text;
        return base::fail(
            base::ErrorKind::invalid,
            fmt::format("\"{}\" is no reply code: write 550, 45*, 5.1.1 or *.7.*", base::printable(text)));
      },
      show_text);
}

Type<std::string> reply_text() {
  return scalar<std::string>(
      "words, with *",
      [](const std::string& text) -> base::Result<std::string> {
        const auto letters = std::ranges::count_if(text, [](char c) { return c != '*'; });
        const bool plain = std::ranges::all_of(text, [](unsigned char c) { return c >= ' ' && c != 0x7F; });
        if (plain && letters >= std::ptrdiff_t{shortest} && text.size() <= longest) return text;
        return base::fail(base::ErrorKind::invalid, fmt::format("\"{}\" is no text of {} to {} characters beside *",
                                                                base::printable(text, 60), shortest, longest));
      },
      show_text);
}

Type<FailureClass> failure_class() {
  std::vector<std::pair<std::string, FailureClass>> words;
  for (const auto name : mail::failure_class_names) words.emplace_back(name, static_cast<FailureClass>(words.size()));
  return word(words);
}

Type<Stage> stage() {
  return word<Stage>({{"connect", Stage::connect},
                      {"greeting", Stage::greeting},
                      {"ehlo", Stage::ehlo},
                      {"starttls", Stage::starttls},
                      {"tls", Stage::tls},
                      {"auth", Stage::auth},
                      {"mail", Stage::mail},
                      {"rcpt", Stage::rcpt},
                      {"data", Stage::data},
                      {"body", Stage::body},
                      {"final_dot", Stage::final_dot}});
}

Fields<FailureRule> rule_fields() {
  return {
      make_field<FailureRule>(
          "class", [](auto& r) -> auto& { return r.klass; }, failure_class(), "What such a reply means", Reload::yes,
          Need::required),
      make_field<FailureRule>(
          "codes", [](auto& r) -> auto& { return r.codes; }, list_of(reply_code(), Single::accept),
          "Of the reply (`550`, `45*`), or its enhanced code (`5.1.1`, `*.7.*`); empty: any"),
      make_field<FailureRule>(
          "text", [](auto& r) -> auto& { return r.text; }, list_of(reply_text(), Single::accept),
          "Anywhere in its words, in any case; empty: any"),
      make_field<FailureRule>(
          "stages", [](auto& r) -> auto& { return r.stages; }, list_of(stage(), Single::accept),
          "What it was a reply to; empty: anything"),
      make_field<FailureRule>(
          "then", [](auto& r) -> auto& { return r.then; },
          word<FailureAction>({{"as_replied", FailureAction::as_replied},
                               {"retry", FailureAction::retry},
                               {"bounce", FailureAction::bounce}}),
          "What becomes of the recipient: `as_replied`: 4yz is tried again, 5yz returned; `retry` and `bounce`: "
          "whatever "
          "the host's reply begins with"),
  };
}

// A rule without conditions would fit everything.
Type<std::vector<FailureRule>> failure_rules() {
  auto rules = records(rule_fields());
  rules.read = [read = rules.read](std::vector<FailureRule>& target, const YAML::Node& node, Reader& reader) {
    const auto before = target.size();  // of another file
    read(target, node, reader);
    for (auto i = before; i < target.size(); ++i) {
      const auto path = fmt::format("{}[{}]", reader.path(), i);
      const auto names = {"codes", "text", "stages"};
      if (std::ranges::none_of(names, [&](const auto* name) { return reader.is_set(join_path(path, name)); }))
        reader.fail_at(node[i - before], fmt::format("{} fits every reply: name codes, text or stages", path));
    }
  };
  return rules;
}

}  // namespace

Fields<Document> bounce_part() {
  using namespace std::chrono_literals;
  using std::chrono::days;
  return {
      field(
          "srs.enabled", [](auto& d) -> auto& { return d.settings.route.srs.enabled; }, boolean(),
          "Mail that an alias forwards to another host leaves with a sender address of ours (SRS0, SRS1), which leads "
          "bounces back, unless its sender is in a local domain: SPF of the sender's domain does not name this host"),
      field(
          "srs.domain", [](auto& d) -> auto& { return d.settings.route.srs.domain; },
          or_empty(domain_name(), "the alias' own"),
          "Domain of these addresses: a local one, whose SPF names this host"),
      field(
          "srs.secrets_file", [](auto& d) -> auto& { return d.settings.route.srs.secrets_file; },
          or_empty(absolute_path(), "one of our own in state.directory"),
          "Secrets that protect these addresses, one a line: the first signs, all verify, so that an old one can leave "
          "after 21 days. Hosts that forward for one domain share them"),
      field(
          "verp.senders", [](auto& d) -> auto& { return d.settings.route.verp_senders; },
          list_of(scalar<std::string>("address or @domain", parse_address_pattern, show_text), Single::accept),
          "Senders in local domains of whose mail each recipient elsewhere sees a sender address of its own, "
          "`news+b=…=domain=local@example.com`, so that a bounce tells for sure whom it is about; one transaction for "
          "each recipient"),
      field(
          "bounces.rules", [](auto& d) -> auto& { return d.settings.dispatch.failures.rules; }, failure_rules(),
          "What replies of mail hosts mean, asked before the built-in rules; the first that fits names the class in "
          "logs, reports and `godwitctl queue show`"),
      field(
          "bounces.builtin_rules", [](auto& d) -> auto& { return d.settings.dispatch.failures.builtin_rules; },
          boolean(), "Whether the rules that come with Godwit (`bounce-patterns.yaml`) are asked after these"),
      field(
          "bounces.builtin_actions", [](auto& d) -> auto& { return d.settings.dispatch.failures.builtin_actions; },
          word<mail::BuiltinActions>({{"none", mail::BuiltinActions::none},
                                      {"retry", mail::BuiltinActions::retry},
                                      {"all", mail::BuiltinActions::all}}),
          "Which `then` of the built-in rules counts. `none`: the host's word. `retry`: greylisting and rates are "
          "waited for though the host said 5yz. `all`: what is surely no mailbox is also returned at once though the "
          "host said 4yz"),
      field(
          "suppression.enabled", [](auto& d) -> auto& { return d.settings.state.suppression.enabled; }, boolean(),
          "Keep a list of addresses elsewhere that get no mail for a time: mail to them is refused, and returned "
          "without an attempt (`godwitctl suppression`)",
          Reload::restart),
      field(
          "suppression.classes", [](auto& d) -> auto& { return d.settings.dispatch.suppress; },
          list_of(failure_class()), "A recipient that a host refuses for good with such a class is put on it"),
      field(
          "suppression.reports", [](auto& d) -> auto& { return d.settings.dispatch.suppress_reported; }, boolean(),
          "Reports of failure and complaints that come back to addresses of `verp.senders` put their recipients on it, "
          "too"),
      field(
          "suppression.time", [](auto& d) -> auto& { return d.settings.state.suppression.time; },
          duration(1s, days(3650)), "How long an address stays on it", Reload::restart),
      field(
          "suppression.entries", [](auto& d) -> auto& { return d.settings.state.suppression.entries; },
          number<std::size_t>(1, 10'000'000), "At most so many addresses; they are kept in memory too",
          Reload::restart),
  };
}

std::vector<FailureRule> builtin_failure_rules(std::vector<Diagnostic>& diagnostics) {
  Loaded scratch;
  Reader reader(scratch);
  reader.begin_file("bounce-patterns.yaml");
  std::vector<FailureRule> rules;
  const auto node = YAML::Load(std::string(bounce_patterns))["bounces"]["rules"];
  {
    const Reader::Step step(reader, "bounces.rules", node);
    failure_rules().read(rules, node, reader);
  }
  diagnostics = std::move(scratch.diagnostics);
  return rules;
}

}  // namespace godwit::config

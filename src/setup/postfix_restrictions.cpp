// SPDX-License-Identifier: Apache-2.0
// Lists of restrictions, and postscreen, become checks in their order.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "postfix_clients.hpp"
#include "postfix_context.hpp"
#include "postfix_dns_lists.hpp"
#include "postfix_policy_servers.hpp"
#include "yaml_text.hpp"

namespace godwit::setup::postfix {
namespace {

constexpr auto policy = Section::policy;
using Kind = Draft::Kind;
constexpr int most_class_depth = 8;
constexpr std::size_t most_words = 10'000;

// What Godwit does without being told, or what ends a list.
constexpr std::array implied = {"permit_mynetworks",
                                "permit_sasl_authenticated",
                                "permit_auth_destination",
                                "permit_inet_interfaces",
                                "reject_unauth_destination",
                                "defer_unauth_destination",
                                "reject_unauth_pipelining",
                                "reject_non_fqdn_sender",
                                "reject_non_fqdn_recipient",
                                "reject_unknown_recipient_domain",
                                "reject_unlisted_recipient",
                                "reject_plaintext_session",
                                "reject_sender_login_mismatch",
                                "reject_authenticated_sender_login_mismatch",
                                "reject_known_sender_login_mismatch",
                                "reject_unverified_recipient",
                                "permit",
                                "reject",
                                "defer",
                                "defer_if_permit",
                                "defer_if_reject",
                                "permit_mx_backup"};

class Restrictions {
 public:
  explicit Restrictions(Context& context) : context_(context) {}

  void run() {
    postscreen();
    const auto* leading = leading_smtpd(context_);
    // Behind postscreen stands a smtpd of type pass.
    if (leading == nullptr) leading = find_service(context_.services, "smtpd");
    const auto view = leading != nullptr ? view_of(context_, *leading) : context_.view;
    lists(view);
    name_other_policies(context_, leading);
    submission();
    write();
  }

 private:
  void lists(const View& view) {
    view_ = &view;
    for (const auto* list : {"smtpd_client_restrictions", "smtpd_helo_restrictions", "smtpd_sender_restrictions",
                             "smtpd_relay_restrictions", "smtpd_recipient_restrictions"})
      read(list, "rcpt");
    read("smtpd_data_restrictions", "data");
    read("smtpd_end_of_data_restrictions", "end");
    number("header_size_limit", "most_bytes", 255 * 1024);
    number("hopcount_limit", "most_received", 99);
    view_ = nullptr;
  }

  void read(const char* list, const char* stage) {
    list_ = list;
    stage_ = stage;
    after_users_ = false;
    words(view_->words(list), 0);
  }

  void words(const std::vector<std::string>& all, int depth) {
    const auto classes = view_->words("smtpd_restriction_classes");
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto& word = all[i];
      if (++words_ > most_words) return;
      if (words_ == most_words) return untranslated(word, "there are too many restrictions: the rest is left out");
      if (std::ranges::find(classes, word) != classes.end()) {
        if (depth == most_class_depth) return untranslated(word, "classes of restrictions name each other too deeply");
        words(words_of(view_->get(word)), depth + 1);
      } else if (word == "warn_if_reject") {
        if (++i < all.size())
          untranslated("warn_if_reject " + all[i], "a check that only warns: leave it out, or give it action: header");
        if (i < all.size() && takes_argument(all[i])) ++i;
      } else if (takes_argument(word)) {
        with_argument(word, i + 1 < all.size() ? all[++i] : std::string());
      } else {
        alone(word);
      }
    }
  }

  void untranslated(const std::string& what, const std::string& why) {
    context_.draft.remark(policy, Kind::untranslated, view_->place(list_),
                          fmt::format("{}: {}", list_, shown_text(what, 200)), why);
  }

  void check(const char* name) {
    if (std::ranges::find(checks_, name) == checks_.end()) checks_.emplace_back(name);
  }

  void alone(const std::string& word) {
    if (word == "permit_mynetworks" || word == "permit_sasl_authenticated") after_users_ = true;
    if (word == "reject_unknown_client_hostname" || word == "reject_unknown_client") {
      check("reverse_dns");
      sections_["reverse_dns"] = "{require: verified}";
    } else if (word == "reject_unknown_reverse_client_hostname") {
      check("reverse_dns");
    } else if (word == "reject_invalid_helo_hostname" || word == "reject_non_fqdn_helo_hostname" ||
               word == "reject_invalid_hostname" || word == "reject_non_fqdn_hostname") {
      hello("bad_name");
    } else if (word == "reject_unknown_helo_hostname" || word == "reject_unknown_hostname") {
      hello("unknown_name");
    } else if (word == "reject_unknown_sender_domain") {
      check("sender_domain");
    } else if (word == "reject" || word == "defer") {
      untranslated(word,
                   "strangers are refused altogether: service mx takes mail for our domains from everybody; a "
                   "firewall, or service: submission, keeps them out");
    } else if (word == "permit" && std::string_view(list_) == "smtpd_relay_restrictions") {
      context_.draft.remark(policy, Kind::changed, view_->place(list_), list_,
                            "says \"permit\": Godwit is no open relay, only users and trusted_networks relay");
    } else if (std::ranges::find(implied, word) == implied.end()) {
      untranslated(
          word, word == "reject_unverified_sender" || word == "reject_unlisted_sender" ? "senders are never asked about"
                : word == "permit_tls_clientcerts" || word == "permit_tls_all_clientcerts"
                    ? "certificates let nobody relay on port 25; on submission: listeners[].client_certificates"
                    : "Godwit has no such check");
    }
  }

  void hello(const char* what) {
    check("hello");
    if (std::ranges::find(hello_, what) == hello_.end()) hello_.emplace_back(what);
  }

  void with_argument(const std::string& word, const std::string& argument) {
    if (argument.empty()) return untranslated(word, "its argument is missing");
    if (word == "check_policy_service") return ask_server(argument);
    if (word.starts_with("check_")) return access(word, argument);
    if (word == "sleep") return untranslated(word + " " + argument, "greeting_delay is the wait that Godwit has");
    if (const auto why = lists_.add(word, argument)) return untranslated(word + " " + argument, *why);
    check("dns_lists");
  }

  void ask_server(const std::string& argument) {
    const auto asked = servers_.add(*view_, argument, stage_, after_users_);
    if (!asked.why.empty()) return untranslated("check_policy_service " + argument, asked.why);
    if (!asked.name.empty()) check(("delegate:" + asked.name).c_str());
  }

  void access(const std::string& word, const std::string& argument) {
    const auto map = parse_map_name(argument, "hash");
    const auto entries =
        Tables::is_text(map.type) ? context_.tables.entries(map, word, view_->place(list_)) : std::nullopt;
    if (!entries)
      return untranslated(word + " " + argument,
                          "Godwit has no tables of access: a policy server (policy.delegates) or a program "
                          "(policy.http_hooks) can ask it");
    constexpr std::size_t most_named = 20;
    std::size_t left = 0;
    for (const auto& entry : *entries) {
      if (is_covered(word, entry)) continue;
      if (++left <= most_named)
        context_.draft.remark(policy, Kind::untranslated, entry.place, shown_text(entry.key + " " + entry.value, 120),
                              word + ": Godwit has no tables of access");
    }
    if (left > most_named)
      untranslated(word + " " + argument, fmt::format("{} more entries of it have no equivalent", left - most_named));
  }

  bool is_covered(const std::string& word, const Entry& entry) {
    const auto verb = base::to_upper(entry.value.substr(0, entry.value.find(' ')));
    if (verb == "DUNNO") return true;
    const bool passes = verb == "OK" || verb == "PERMIT", fails = verb == "REJECT" || verb.starts_with('5');
    if (word == "check_helo_access" && fails &&
        (base::iequals(entry.key, context_.names.hostname) || base::iequals(entry.key, "localhost"))) {
      hello("own_name");
      return true;
    }
    if (word == "check_recipient_access" && passes && entry.key.ends_with('@')) {
      const auto local = base::to_lower(std::string_view(entry.key).substr(0, entry.key.size() - 1));
      if (std::ranges::find(exempt_, local) == exempt_.end()) exempt_.push_back(local);
      return true;
    }
    return false;
  }

  void postscreen() {
    const auto servers = smtp_servers(context_);
    const auto found = std::ranges::find_if(servers, [](const Service* s) { return s->command == "postscreen"; });
    if (found == servers.end()) return;
    const auto view = view_of(context_, **found);
    const auto sites = view.words("postscreen_dnsbl_sites");
    for (const auto& site : sites)
      if (const auto why = lists_.add_weighted(site))
        context_.untranslated(policy, "postscreen_dnsbl_sites", shown_text(site, 100) + ": " + *why);
    if (!sites.empty()) {
      lists_.set_threshold(base::parse_unsigned(view.get("postscreen_dnsbl_threshold")).value_or(1));
      const auto action = view.get("postscreen_dnsbl_action");
      lists_.only_mark(action == "ignore");
      if (action == "ignore")
        context_.draft.remark(policy, Kind::changed, view, "postscreen_dnsbl_action",
                              "is ignore: lists are asked, and refuse nothing");
      check("dns_lists");
    }
    if (view.get("postscreen_greet_action") != "ignore")
      if (const auto wait = parse_time(view.get("postscreen_greet_wait"), 's'))
        context_.draft.line(Section::general, fmt::format("greeting_delay: {}", time_text(std::min(*wait, 60ULL))));
    for (const auto& word : view.words("postscreen_access_list"))
      if (word != "permit_mynetworks")
        context_.untranslated(policy, "postscreen_access_list",
                              shown_text(word, 100) + ": Godwit has no tables of access; trusted_networks are exempt");
  }

  // Checks that are asked of users, too.
  void submission() {
    for (const auto* service : smtp_servers(context_)) {
      if (takes_strangers(context_, *service)) continue;
      const auto view = view_of(context_, *service);
      for (const auto& [name, option] : view.overridden()) {
        if (!name.ends_with("_restrictions")) continue;
        for (const auto& word : view.words(name))
          if (std::ranges::find(implied, word) == implied.end())
            context_.draft.remark(policy, Kind::untranslated, option.place,
                                  fmt::format("-o {}: {}", name, shown_text(word, 100)),
                                  "users are checked by policy.checks.submission, which is empty");
      }
    }
  }

  void number(const char* setting, const char* key, std::uint64_t most) {
    if (!view_->is_set(setting)) return;
    if (const auto value = base::parse_unsigned(view_->get(setting))) {
      header_.push_back(fmt::format("{}: {}", key, std::min(*value, most)));
      check("header");
    }
  }

  void write() {
    if (checks_.empty()) return;
    auto& draft = context_.draft;
    draft.line(policy, "checks: {mx: " + yaml_checks() + "}");
    if (!exempt_.empty()) {
      if (std::ranges::find(exempt_, "postmaster") == exempt_.end()) exempt_.insert(exempt_.begin(), "postmaster");
      draft.line(policy, "exempt_recipients: " + yaml_list(exempt_));
    }
    for (const auto& [name, text] : sections_) draft.line(policy, fmt::format("{}: {}", name, text));
    if (std::ranges::find(checks_, "hello") != checks_.end()) {
      std::vector<std::string> words;
      if (std::ranges::find(hello_, "own_name") == hello_.end()) words.emplace_back("own_name: none");
      for (const auto& what : hello_) words.push_back(what + ": reject");
      draft.line(policy, fmt::format("hello: {{{}}}", base::join(words, ", ")));
    }
    if (!header_.empty())
      draft.line(policy, fmt::format("header: {{missing_from: none, {}}}", base::join(header_, ", ")));
    for (auto& line : lists_.lines()) draft.line(policy, std::move(line));
    for (auto& line : servers_.lines()) draft.line(policy, std::move(line));
  }

  std::string yaml_checks() const {
    std::vector<std::string> words;
    for (const auto& name : checks_) words.push_back(name.contains(':') ? yaml_string(name) : name);
    return "[" + base::join(words, ", ") + "]";
  }

  Context& context_;
  const View* view_ = nullptr;
  const char* list_ = "";
  const char* stage_ = "rcpt";
  std::size_t words_ = 0;     // of all lists, with what classes put in
  bool after_users_ = false;  // in the list: who is known has passed by
  std::vector<std::string> checks_, hello_, header_, exempt_;
  std::map<std::string, std::string> sections_;
  PolicyServers servers_{context_};
  DnsLists lists_;
};

}  // namespace

void translate_restrictions(Context& context) {
  Restrictions(context).run();
}

}  // namespace godwit::setup::postfix

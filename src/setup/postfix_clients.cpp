// SPDX-License-Identifier: Apache-2.0
#include "postfix_clients.hpp"

#include <array>

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::setup::postfix {
namespace {

constexpr int deepest_class = 8;
constexpr int most_walked = 10'000;
constexpr std::array lists_of_client = {"smtpd_client_restrictions", "smtpd_helo_restrictions",
                                        "smtpd_sender_restrictions", "smtpd_relay_restrictions",
                                        "smtpd_recipient_restrictions"};

// A stranger with mail for us, or a host of mynetworks with mail for others.
enum class Asker { stranger, network };
enum class Verdict { none, permits, refuses };

bool is_any_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

// The first word that decides; what depends on more than who asks decides nothing.
class Walk {
 public:
  Walk(const View& view, Asker asker) : view_(view), asker_(asker), classes_(view.words("smtpd_restriction_classes")) {}

  Verdict of(std::string_view list) { return words(view_.words(list), 0); }

 private:
  // As deep as classes name each other, within the bound.
  Verdict words(const std::vector<std::string>& all, int depth) {
    for (std::size_t i = 0; i < all.size() && ++walked_ < most_walked; ++i) {
      const auto& word = all[i];
      auto verdict = Verdict::none;
      if (word == "warn_if_reject") {
        ++i;
        if (i < all.size() && takes_argument(all[i])) ++i;
      } else if (takes_argument(word)) {
        ++i;
      } else if (std::ranges::find(classes_, word) == classes_.end()) {
        verdict = alone(word);
      } else if (depth < deepest_class) {
        verdict = words(words_of(view_.get(word)), depth + 1);
      }
      if (verdict != Verdict::none) return verdict;
    }
    return Verdict::none;
  }

  Verdict alone(std::string_view word) const {
    if (is_any_of(word, {"reject", "defer", "defer_if_permit"})) return Verdict::refuses;
    if (word == "permit") return Verdict::permits;
    if (asker_ == Asker::stranger)
      return is_any_of(word, {"permit_auth_destination", "permit_mx_backup"}) ? Verdict::permits : Verdict::none;
    if (is_any_of(word, {"reject_unauth_destination", "defer_unauth_destination"})) return Verdict::refuses;
    return word == "permit_mynetworks" ? Verdict::permits : Verdict::none;
  }

  const View& view_;
  Asker asker_;
  std::vector<std::string> classes_;
  int walked_ = 0;
};

bool is_on_port_25(const Service& service) {
  return service.name.substr(service.name.rfind(':') + 1) == "smtp" || service.name == "25" ||
         service.name.ends_with(":25");
}

void name_differences(Context& context, const Service& smtpd, const View& leading) {
  const auto view = view_of(context, smtpd);
  std::set<std::string, std::less<>> names;
  for (const auto* one : {&view, &leading})
    for (const auto& [name, option] : one->overridden())
      if (name.ends_with("_restrictions") && name != "smtpd_etrn_restrictions") names.insert(name);
  for (const auto& name : names) {
    const auto words = view.words(name);
    if (words == leading.words(name)) continue;
    const bool is_own = view.is_overridden(name);
    context.draft.remark(
        Section::policy, Draft::Kind::untranslated, smtpd.place,
        fmt::format("{}{}: {}", is_own ? "-o " : "", name,
                    words.empty() ? "(none)" : shown_text(base::join(words, ", "), 150)),
        fmt::format("of the service {} alone: policy.checks.mx, which is for all listeners of service mx, was made "
                    "from another one",
                    shown_text(smtpd.name, 60)));
  }
}

}  // namespace

bool takes_argument(std::string_view word) {
  return word.starts_with("check_") || word.starts_with("reject_rbl_client") || word.starts_with("reject_rhsbl_") ||
         word.starts_with("permit_dnswl_client") || word.starts_with("permit_rhswl_client") || word == "reject_rbl" ||
         word == "sleep";
}

const Service* smtpd_of(const Context& context, const Service& service) {
  return service.command == "postscreen" ? find_service(context.services, "smtpd") : &service;
}

bool refuses_strangers(const Context& context, const Service& service) {
  const auto* smtpd = smtpd_of(context, service);
  if (smtpd == nullptr) return false;
  const auto view = view_of(context, *smtpd);
  return std::ranges::any_of(lists_of_client, [&](const char* list) {
    return view.is_overridden(list) && Walk(view, Asker::stranger).of(list) == Verdict::refuses;
  });
}

std::vector<const Service*> mx_servers(const Context& context) {
  auto servers = smtp_servers(context);
  std::erase_if(servers,
                [&](const Service* s) { return !takes_strangers(context, *s) || refuses_strangers(context, *s); });
  return servers;
}

const Service* leading_smtpd(const Context& context) {
  const auto servers = mx_servers(context);
  const auto usual = std::ranges::find_if(servers, [](const Service* s) { return is_on_port_25(*s); });
  if (usual != servers.end()) return smtpd_of(context, **usual);
  return servers.empty() ? nullptr : smtpd_of(context, *servers.front());
}

void name_other_policies(Context& context, const Service* leading) {
  const auto view = leading != nullptr ? view_of(context, *leading) : context.view;
  for (const auto* service : smtp_servers(context)) {
    const auto* smtpd = smtpd_of(context, *service);
    if (smtpd != nullptr && smtpd != leading && takes_strangers(context, *service))
      name_differences(context, *smtpd, view);
  }
}

bool lets_networks_relay(const View& view) {
  const auto decides =
      view.words("smtpd_relay_restrictions").empty() ? "smtpd_recipient_restrictions" : "smtpd_relay_restrictions";
  return Walk(view, Asker::network).of(decides) == Verdict::permits &&
         std::ranges::none_of(lists_of_client, [&](const char* list) {
           return Walk(view, Asker::network).of(list) == Verdict::refuses;
         });
}

}  // namespace godwit::setup::postfix

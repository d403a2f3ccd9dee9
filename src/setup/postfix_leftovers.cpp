// SPDX-License-Identifier: Apache-2.0
// What none of the translators took: settings without equivalent, settings that say something else than Godwit does,
// options and services of master.cf, and what could not be read.  Each is named.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "postfix_catalog.hpp"
#include "postfix_context.hpp"
#include "postfix_sending.hpp"

namespace godwit::setup::postfix {
namespace {

using Kind = Draft::Kind;
constexpr auto general = Section::general;
constexpr std::size_t most_faults = 1000;

// Programs of Postfix whose work Godwit does without being told.
constexpr std::array own_programs = {
    "anvil", "bounce", "cleanup", "discard",  "dnsblog",    "error",    "flush",          "lmtp",   "local",
    "nqmgr", "oqmgr",  "pickup",  "postlogd", "postscreen", "proxymap", "qmgr",           "scache", "showq",
    "smtp",  "smtpd",  "tlsmgr",  "tlsproxy", "verify",     "virtual",  "trivial-rewrite"};

// However its words are parted.
std::string normal(std::string_view value) {
  return base::join(words_of(value), " ");
}

bool is_off(const std::string& value) {
  return value.empty() || value == "0" || base::iequals(value, "no");
}

// "300s" and "5m".
bool is_same_time(const std::string& one, const std::string& other) {
  const auto a = parse_time(one, 's');
  return a && a == parse_time(other, 's');
}

bool is_default(const View& view, const KnownSetting& known, const std::string& value) {
  const auto fallback = view.expand(known.fallback, std::string(known.name));
  return base::iequals(normal(value), normal(fallback)) || is_same_time(value, fallback);
}

// Whether Godwit does what the value says.
bool is_done(const View& view, const KnownSetting& known, const std::string& value) {
  if (known.does.empty()) return is_default(view, known, value) || (known.fallback.empty() && is_off(value));
  return std::ranges::any_of(base::split(known.does, '|'), [&](std::string_view pattern) {
    return base::matches_pattern(normal(view.expand(pattern, std::string(known.name))), normal(value));
  });
}

class Leftovers {
 public:
  explicit Leftovers(Context& context) : context_(context), used_(referenced_names(context.settings)) {
    for (const auto& word : context.view.words("smtpd_restriction_classes")) used_.insert(word);
    for (const auto& service : context.services) used_.merge(referenced_names(service.options));
  }

  void run() {
    faults();  // before there are too many remarks
    for (const auto& service : context_.services) of_service(service);
    for (const auto& [name, setting] : context_.settings) of_main(name, setting);
    faults();
    further_faults();
  }

 private:
  void remark(Kind kind, const Setting& setting, const std::string& what, std::string_view why) {
    context_.draft.remark(general, kind, setting.place, what, why);
  }

  void of_main(const std::string& name, const Setting& setting) {
    const auto shown = shown_text(name, 80);
    const auto* known = find_setting(name);
    if (known == nullptr) {
      if (!used_.contains(name)) remark(Kind::untranslated, setting, shown, "the importer does not know it");
      return;
    }
    const auto value = context_.view.expand(setting.value, name);
    // "NAME_destination_rate_delay" of a transport that no route goes through.
    if (known->fate == Fate::translated && known->name.contains('*') && !setting.is_read && !is_off(value))
      remark(Kind::untranslated, setting, shown,
             "no route goes through such a transport: " + std::string(known->words));
    by_fate(context_.view, *known, setting, shown, value);
  }

  void by_fate(const View& view, const KnownSetting& known, const Setting& setting, const std::string& shown,
               const std::string& value) {
    if (known.fate == Fate::same && !is_done(view, known, value)) remark(Kind::changed, setting, shown, known.words);
    if (known.fate == Fate::none && !is_off(value) && !is_default(view, known, value))
      remark(Kind::untranslated, setting, shown, known.words);
  }

  // ---- master.cf

  void of_service(const Service& service) {
    if (const auto why = without_equivalent(service); !why.empty()) {
      context_.draft.remark(general, Kind::untranslated, service.place, service.name, why);
      return;
    }
    if (takes_mail_back(service)) return;  // which was named as a whole
    of_processes(service);
    of_arguments(service);
    for (const auto& [name, option] : service.options) of_option(service, name, option);
  }

  void of_arguments(const Service& service) {
    if (service.command == "spawn") return;  // of the program that is asked
    for (const auto& argument : service.arguments)
      context_.draft.remark(general, Kind::untranslated, service.place, shown_text(argument, 80),
                            fmt::format("an argument of {}, of the service {} alone", shown_text(service.command, 60),
                                        shown_text(service.name, 60)));
  }

  void of_processes(const Service& service) {
    const auto& limit = service.processes;
    const auto words = bound_instead(service);
    if (words.empty() || limit == "-" || limit == context_.view.get("default_process_limit")) return;
    context_.draft.remark(general, Kind::untranslated, service.place, "maxproc " + shown_text(limit, 20),
                          fmt::format("of the service {} alone: {}", shown_text(service.name, 60), words));
  }

  // What bounds the work that such processes do; empty: they do none for which anybody waits.
  static std::string_view bound_instead(const Service& service) {
    constexpr std::array agents = {"smtp", "lmtp", "local", "virtual"};
    if (service.command == "smtpd") return "`limits.connections` bounds the connections of all listeners together";
    if (std::ranges::find(agents, service.command) == agents.end()) return {};
    return "`routes[].connections` or `shaping[].connections` bounds those to one destination";
  }

  std::string without_equivalent(const Service& service) const {
    const auto& command = service.command;
    if (command == "pipe" || (command == "spawn" && !service.is_inet()))
      return is_asked(service) ? "" : "runs a program: nothing is ever executed";
    const bool is_own = std::ranges::find(own_programs, command) != own_programs.end();
    const bool is_server = command == "smtpd" || command == "postscreen";
    if (is_own && (is_server || !service.is_inet())) return {};
    return fmt::format("the service {} has no equivalent", shown_text(command, 60));
  }

  // A policy server that Postfix starts: the restriction that asks it said what becomes of it.
  bool is_asked(const Service& service) const {
    const auto asks = [&](const Settings& settings) {
      return std::ranges::any_of(settings,
                                 [&](const auto& one) { return one.second.value.contains("private/" + service.name); });
    };
    return service.command == "spawn" &&
           (asks(context_.settings) || std::ranges::any_of(context_.services, asks, &Service::options));
  }

  void of_option(const Service& service, const std::string& name, const Setting& option) {
    const auto shown = "-o " + shown_text(name, 80);
    const auto* known = find_setting(name);
    if (known == nullptr) {
      if (!used_.contains(name)) remark(Kind::untranslated, option, shown, "the importer does not know it");
      return;
    }
    const auto view = view_of(context_, service);
    const auto value = view.expand(option.value, name);
    const bool was_read = option.is_read;
    if (normal(value) == normal(context_.view.get(name))) return;  // as all have it
    if (known->fate != Fate::translated) return by_fate(view, *known, option, shown, value);
    if (!was_read)
      remark(Kind::untranslated, option, shown,
             fmt::format("of the {} {} alone: {}", service.command == "smtp" ? "transport" : "service",
                         shown_text(service.name, 60), known->words));
    else if (&service == usual_transport(context_) && is_otherwise_elsewhere(service, name))
      remark(Kind::changed, option, shown,
             fmt::format("of the transport {}: it becomes `delivery`, which is for all transports where no route says "
                         "something else",
                         shown_text(service.name, 60)));
  }

  bool is_otherwise_elsewhere(const Service& usual, const std::string& name) const {
    const auto value = view_of(context_, usual).get(name);
    return std::ranges::any_of(context_.services, [&](const Service& other) {
      return &other != &usual && other.command == "smtp" && !other.is_inet() && is_transport_used(context_, other) &&
             view_of(context_, other).get(name) != value;
    });
  }

  void faults() {
    const auto& faults = context_.faults;
    for (; named_faults_ < std::min(faults.size(), most_faults); ++named_faults_) {
      const auto& fault = faults[named_faults_];
      context_.draft.remark(general, Kind::untranslated, fault.place, fault.what, fault.why);
    }
  }

  void further_faults() {
    if (context_.faults.size() > named_faults_)
      context_.draft.remark(
          general, Kind::untranslated, {}, "more",
          fmt::format("{} further lines that cannot be read are left out", context_.faults.size() - named_faults_));
  }

  Context& context_;
  std::set<std::string, std::less<>> used_;
  std::size_t named_faults_ = 0;
};

}  // namespace

void name_the_rest(Context& context) {
  Leftovers(context).run();
}

}  // namespace godwit::setup::postfix

// SPDX-License-Identifier: Apache-2.0
#include "godwit/setup/postfix_import.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "postfix_catalog.hpp"
#include "postfix_context.hpp"

namespace godwit::setup {
namespace postfix {
namespace {

constexpr std::size_t most_faults = 1000;

// Settings that nobody has named yet: those without equivalent, and those that the importer does not know.
void name_the_rest(Context& context, const Settings& settings, const std::set<std::string, std::less<>>& used,
                   const char* prefix) {
  const auto classes = context.view.words("smtpd_restriction_classes");
  for (const auto& [name, setting] : settings) {
    const auto* known = find_setting(name);
    const auto shown = prefix + shown_text(name, 80);
    if (known == nullptr) {
      const bool is_variable = used.contains(name) || std::ranges::find(classes, name) != classes.end();
      if (!is_variable)
        context.draft.remark(Section::general, Draft::Kind::untranslated, setting.place, shown,
                             "the importer does not know it");
      continue;
    }
    if (known->fate != Fate::none) continue;
    const auto value = context.view.expand(setting.value, name);
    const bool is_off = value.empty() || value == "0" || base::iequals(value, "no");
    const bool says_nothing = is_off || value == context.view.expand(known->fallback, name);
    if (!says_nothing)
      context.draft.remark(Section::general, Draft::Kind::untranslated, setting.place, shown,
                           std::string(known->words));
  }
}

void name_services(Context& context) {
  for (const auto& service : context.services) {
    if (service.command == "smtpd" || service.command == "postscreen")
      name_the_rest(context, service.options, {}, "-o ");
    const bool is_other = service.is_inet() && service.command != "smtpd" && service.command != "postscreen";
    if (is_other || service.command == "pipe")
      context.draft.remark(Section::general, Draft::Kind::untranslated, service.place, service.name,
                           service.command == "pipe"
                               ? "runs a program: nothing is ever executed"
                               : fmt::format("the service {} has no equivalent", shown_text(service.command, 60)));
  }
}

void translate(Context& context) {
  translate_names(context);
  translate_listeners(context);
  translate_certificates(context);
  translate_limits(context);
  translate_accounts(context);
  translate_restrictions(context);
  translate_milters(context);
  translate_header_checks(context);
  translate_rewriting(context);
  translate_copies(context);
  read_transports(context);
  translate_domains(context);
  translate_aliases(context);
  translate_routes(context);
  translate_delivery(context);
}

void name_faults(Context& context) {
  for (std::size_t i = 0; i < context.faults.size() && i < most_faults; ++i) {
    const auto& fault = context.faults[i];
    context.draft.remark(Section::general, Draft::Kind::untranslated, fault.place, fault.what, fault.why);
  }
}

}  // namespace
}  // namespace postfix

base::Result<PostfixImport> import_postfix(const PostfixWishes& wishes, const ReadPostfixFile& reader) {
  using namespace postfix;
  std::set<std::string> sources;
  const ReadPostfixFile read = [&](const std::string& path) {
    auto content = reader(path);
    if (content) sources.insert(path);
    return content;
  };
  const auto main = read(wishes.directory + "/main.cf");
  if (!main) return std::unexpected(main.error());
  if (main->contains('\0'))
    return base::fail(base::ErrorKind::invalid, wishes.directory + "/main.cf is no text: it has NUL bytes");
  std::vector<Fault> faults;
  const auto settings = parse_settings(*main, "main.cf", faults);
  const auto master = read(wishes.directory + "/master.cf");
  if (!master) faults.push_back({"master.cf", "services", master.error().message + ": port 25 is taken to be all"});
  const auto services = master ? parse_services(*master, "master.cf", faults) : usual_services();

  const Settings nothing;
  const View view(settings, nothing, faults);
  Tables tables(read, faults);
  Draft draft;
  Context context{.wishes = wishes,
                  .settings = settings,
                  .view = view,
                  .services = services,
                  .tables = tables,
                  .draft = draft,
                  .faults = faults,
                  .names = {},
                  .transport_maps = {},
                  .transports = {},
                  .users = {},
                  .here = {},
                  .asks_for_domains = false,
                  .sources = {}};
  translate(context);
  name_services(context);
  auto used = referenced_names(settings);
  for (const auto& service : services) used.merge(referenced_names(service.options));
  name_the_rest(context, settings, used, "");
  name_faults(context);
  auto result = std::move(draft).finish(wishes.directory);
  result.read.assign(sources.begin(), sources.end());
  return result;
}

}  // namespace godwit::setup

// SPDX-License-Identifier: Apache-2.0
#include "postfix_policy_servers.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "yaml_text.hpp"

namespace godwit::setup::postfix {
namespace {

std::string server_name(const std::string& address) {
  if (address.ends_with(":10023")) return "postgrey";
  if (address.starts_with("unix:")) {
    const auto name = address.substr(address.rfind('/') + 1);
    return name == "socket" || name == "policy" ? address.substr(5) : name;
  }
  return "policy_" + address.substr(address.rfind(':') + 1);
}

// What is said of a server: of all, and in braces of this one.
struct Options {
  std::string action, timeout, context;
};

Options options_of(const View& view, const std::vector<std::string>& words) {
  Options options{
      .action = view.get("smtpd_policy_service_default_action"),
      .timeout = view.is_set("smtpd_policy_service_timeout") ? view.get("smtpd_policy_service_timeout") : "",
      .context = view.get("smtpd_policy_service_policy_context")};
  for (const auto& word : words) {
    std::string key, value;
    if (!split_setting(word, key, value)) continue;
    if (key == "default_action") options.action = value;
    if (key == "timeout") options.timeout = value;
    if (key == "policy_context") options.context = value;
  }
  return options;
}

std::string fields_of_options(const Options& options) {
  constexpr unsigned long long longest = 120;
  std::string text;
  const auto verb = base::to_upper(options.action.substr(0, options.action.find(' ')));
  if (verb == "DUNNO" || verb == "OK" || verb == "PERMIT") text += ", on_failure: accept";
  if (verb == "REJECT" || verb.starts_with('5')) text += ", on_failure: reject";
  if (!options.context.empty()) text += ", context: " + yaml_word(options.context);
  const auto seconds = options.timeout.empty() ? std::nullopt : parse_time(options.timeout, 's');
  if (seconds) text += ", timeout: " + time_text(std::clamp(*seconds, 1ULL, longest));
  return text;
}

}  // namespace

PolicyServers::Asked PolicyServers::add(const View& view, const std::string& argument, const std::string& stage,
                                        bool after_users) {
  const auto words = words_of(without_braces(argument));
  if (words.empty()) return {.name = {}, .why = "it names no server"};
  auto address = words.front();
  if (is_spawned(address)) return {};
  if (address.starts_with("unix:")) address = "unix:" + context_.socket_path(address.substr(5));
  if (!address.starts_with("unix:/") && !address.starts_with("inet:"))
    return {.name = {}, .why = "is neither inet:HOST:PORT nor unix:/PATH"};
  const auto same = [&](const Server& server) { return server.address == address && server.stage == stage; };
  if (const auto known = std::ranges::find_if(servers_, same); known != servers_.end())
    return {.name = known->name, .why = {}};
  if (address.starts_with("unix:"))
    context_.draft.remark(Section::policy, Draft::Kind::to_do, view, "smtpd_recipient_restrictions",
                          "the user godwit must be able to open " + address.substr(5));
  const auto name = context_.draft.unique_name(server_name(address));
  std::string fields = stage == "rcpt" ? "" : ", stages: " + stage;
  if (after_users) fields += ", clients: strangers";
  servers_.push_back({.address = address,
                      .stage = stage,
                      .name = name,
                      .fields = fields + fields_of_options(options_of(view, words))});
  return {.name = name, .why = {}};
}

// Postfix starts it (spawn); nobody else does.
bool PolicyServers::is_spawned(const std::string& address) {
  constexpr std::string_view own = "unix:private/";
  if (!address.starts_with(own)) return false;
  const auto* service = find_service(context_.services, address.substr(own.size()));
  if (service == nullptr || service->command != "spawn") return false;
  const bool is_spf = service->name.contains("spf");
  context_.draft.remark(Section::policy, is_spf ? Draft::Kind::changed : Draft::Kind::untranslated, service->place,
                        service->name,
                        is_spf ? "Godwit looks SPF up itself: verification.spf_fail: reject refuses what fails"
                               : "a policy server that Postfix starts needs a listener of its own: by systemd, "
                                 "Accept=yes and StandardInput=socket");
  return true;
}

std::vector<std::string> PolicyServers::lines() const {
  std::vector<std::string> lines;
  if (!servers_.empty()) lines.emplace_back("delegates:");
  for (const auto& server : servers_)
    lines.push_back(
        fmt::format("  - {{name: {}, address: {}{}}}", server.name, yaml_string(server.address), server.fields));
  return lines;
}

}  // namespace godwit::setup::postfix

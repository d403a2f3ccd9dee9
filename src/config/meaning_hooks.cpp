// SPDX-License-Identifier: Apache-2.0
// What is right key by key and wrong together, of the services outside that lists of checks name.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "findings.hpp"
#include "godwit/base/text.hpp"
#include "meaning.hpp"

namespace godwit::config {
namespace {

class ServiceChecks : Findings {
 public:
  using Findings::Findings;

  void names();
  void lists();
  void use();

 private:
  template <class S>
  void add(const std::string& key, std::string_view prefix, const std::vector<S>& all);
  void list(const std::string& key, const std::vector<std::string>& names);

  std::vector<std::string> known_;  // "http:NAME"
  std::set<std::string, std::less<>> listed_;
};

template <class S>
void ServiceChecks::add(const std::string& key, std::string_view prefix, const std::vector<S>& all) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto name = std::string(prefix) + all[i].name;
    if (!all[i].name.empty() && std::ranges::find(known_, name) != known_.end())
      error(fmt::format("{}[{}].name", key, i), fmt::format("two are called {}", all[i].name));
    known_.push_back(std::move(name));
    if (all[i].stages.empty()) error(fmt::format("{}[{}].stages", key, i), "it would never be asked: name a stage");
  }
}

void ServiceChecks::names() {
  add("policy.http_hooks", policy::http_prefix, settings_.policy.http_hooks);
  add("policy.delegates", policy::delegate_prefix, settings_.policy.delegates);
  const auto& hooks = settings_.policy.http_hooks;
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    const auto key = fmt::format("policy.http_hooks[{}]", i);
    const bool in_clear = !base::istarts_with(hooks[i].url, "https://");
    if (in_clear && !hooks[i].ca_file.empty()) error(key + ".ca_file", "its URL is not https: no certificate is seen");
    const bool is_near = hooks[i].url.starts_with("http://127.") || hooks[i].url.starts_with("http://[::1]") ||
                         hooks[i].url.starts_with("http://localhost");
    if (in_clear && !is_near && !hooks[i].token_file.empty())
      warn(key + ".token_file", "the token is sent in clear: use https");
  }
}

void ServiceChecks::list(const std::string& key, const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    listed_.insert(names[i]);
    const bool is_service = names[i].find(':') != std::string::npos;
    if (is_service && std::ranges::find(known_, names[i]) == known_.end())
      Findings::add(fmt::format("{}[{}]", key, i),
                    fmt::format("{} is not there: policy.{} has no such name", names[i],
                                names[i].starts_with(policy::http_prefix) ? "http_hooks" : "delegates"),
                    Severity::error, base::nearest(names[i], known_));
  }
}

void ServiceChecks::lists() {
  const auto& checks = settings_.policy.checks;
  list("policy.checks.mx", checks.mx);
  list("policy.checks.submission", checks.submission);
  list("policy.checks.local", checks.local);
  const auto& listeners = settings_.server.listeners;
  for (std::size_t i = 0; i < listeners.size(); ++i)
    if (listeners[i].checks) list(fmt::format("listeners[{}].checks", i), *listeners[i].checks);
}

void ServiceChecks::use() {
  const auto warn_unused = [this](const std::string& key, std::string_view prefix, const auto& all) {
    for (std::size_t i = 0; i < all.size(); ++i)
      if (const auto name = std::string(prefix) + all[i].name; !listed_.contains(name))
        warn(fmt::format("{}[{}].name", key, i), fmt::format("never asked: no list of checks names {}", name));
  };
  warn_unused("policy.http_hooks", policy::http_prefix, settings_.policy.http_hooks);
  warn_unused("policy.delegates", policy::delegate_prefix, settings_.policy.delegates);
}

}  // namespace

void check_services(Loaded& loaded) {
  ServiceChecks checks(loaded);
  checks.names();
  checks.lists();
  checks.use();
}

}  // namespace godwit::config

// SPDX-License-Identifier: Apache-2.0
// check_policy_service: servers that Postfix asks become entries of `policy.delegates`.  Pure.
#pragma once

#include <string>
#include <vector>

#include "postfix_context.hpp"

namespace godwit::setup::postfix {

class PolicyServers {
 public:
  explicit PolicyServers(Context& context) : context_(context) {}

  struct Asked {
    std::string name;  // of the check "delegate:name"; empty: there is none, which was said
    std::string why;   // it cannot be
  };
  // "inet:127.0.0.1:10023", "unix:private/policy", "{ inet:…, timeout=10s, default_action=DUNNO }".
  // `after_users`: who is known has passed by where it stands.
  Asked add(const View& view, const std::string& argument, const std::string& stage, bool after_users);
  // Of the section `policy`.
  std::vector<std::string> lines() const;

 private:
  struct Server {
    std::string address, stage, name, fields;
  };
  bool is_spawned(const std::string& address);

  Context& context_;
  std::vector<Server> servers_;
};

}  // namespace godwit::setup::postfix

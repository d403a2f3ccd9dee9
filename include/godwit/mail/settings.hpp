// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "godwit/mail/failure_class.hpp"
#include "godwit/smtp/client_session.hpp"

namespace godwit::mail {

// What is to become of the recipient that got such a reply.
enum class FailureAction { as_replied, retry, bounce };

// The replies that mean the same.  Of each list that is not empty one must fit.  "*" stands for any run of characters,
// case does not matter.
struct FailureRule {
  std::vector<std::string> codes;  // "550", "45*", "5.1.1", "*.7.*": of the reply, or its enhanced code
  std::vector<std::string> text;   // anywhere in the words of the reply
  std::vector<smtp::Stage> stages;
  FailureClass klass = FailureClass::other;
  FailureAction then = FailureAction::as_replied;
};

// Which of the rules that come with Godwit act, and not only name the class.
enum class BuiltinActions { none, retry, all };

struct FailureSettings {
  std::vector<FailureRule> rules;  // the administrator's, asked first
  bool builtin_rules = true;
  BuiltinActions builtin_actions = BuiltinActions::none;
  std::vector<FailureRule> builtin;  // those that come with Godwit
};

// What is to become of the fields of a name in a header.
struct HeaderRule {
  enum class Action { remove, replace, add };
  std::string field = {};          // its name
  Action action = Action::remove;  // replace: only what is there; add: one more, below all
  std::string value = {};          // of replace and add; on one line
  std::string matching = "*";      // of remove and replace: only fields with such a body, unfolded
  bool operator==(const HeaderRule&) const = default;
};

}  // namespace godwit::mail

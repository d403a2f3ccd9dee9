// SPDX-License-Identifier: Apache-2.0
// Which class a reply is of (failure_class.hpp), by rules of which the first that fits counts.  Pure; const, any
// thread. What is looked at of a reply is bounded, and no pattern takes more than a pass over it for each of its
// pieces.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "godwit/mail/settings.hpp"
#include "godwit/smtp/reply.hpp"

namespace godwit::mail {

struct Classified {
  FailureClass klass = FailureClass::other;
  FailureAction then = FailureAction::as_replied;
};

class FailureClassifier {
 public:
  static constexpr std::size_t most_text = 2048;  // octets of the words

  explicit FailureClassifier(const FailureSettings& settings);

  Classified classify(const smtp::Reply& reply, smtp::Stage stage) const;
  // The same of a reply as it is kept, "550 5.1.1 No such user", to a recipient.
  Classified classify(std::string_view line) const;

 private:
  struct Rule {
    FailureRule given;
    std::vector<std::vector<std::string>> pieces;  // of each text pattern, between its "*"
  };

  void add(const FailureRule& rule);

  std::vector<Rule> rules_;
};

}  // namespace godwit::mail

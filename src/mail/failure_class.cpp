// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/failure_class.hpp"

#include <iterator>

namespace godwit::mail {
namespace {

// In the order of FailureClass.
constexpr std::string_view explanations[] = {
    "",
    "There is no such mailbox: check the address.",
    "The mailbox is there, but it is disabled and takes no mail.",
    "The mailbox is full.",
    "The domain of the address does not exist, or takes no mail: check the address.",
    "The host that was asked does not take mail for this address.",
    "The host puts off mail from senders that it does not know yet.",
    "The host takes only so many messages in a time.",
    "The host distrusts the address from which this mail system sends, or finds it on a blocklist.",
    "The host could not verify by SPF, DKIM or DMARC that the message is from its sender's domain.",
    "The host takes the message for spam, or its content for dangerous.",
    "The message is larger than the host takes.",
    "The host's rules forbid this message.",
    "This mail system could not log in to the host that it sends through.",
    "No connection could be made that is as secure as it must be.",
    "No host for this address could be reached.",
    "The message went round in a circle between mail systems.",
    "The mail systems did not understand each other.",
    "The host has a problem of its own.",
    "The message was not delivered in the time that it had.",
};
static_assert(std::size(explanations) == std::size(failure_class_names));

}  // namespace

std::string_view explanation(FailureClass klass) {
  return explanations[static_cast<std::size_t>(klass)];
}

}  // namespace godwit::mail

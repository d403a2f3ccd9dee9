// SPDX-License-Identifier: Apache-2.0
// The rules that come with Godwit, read by config/ and asked by mail/, over replies as the large hosts give them.
#include <gtest/gtest.h>

#include "godwit/config/config.hpp"
#include "godwit/mail/failure_classifier.hpp"

namespace godwit::daemon {
namespace {

using smtp::Stage;

config::Loaded load(const std::string& text) {
  config::FileAccess files;
  files.read_file = [text](const std::string&) { return text; };
  files.list_folder = [](const std::string&) { return std::vector<std::string>(); };
  return config::load("godwit.yaml", files);
}

mail::FailureClassifier builtin(const std::string& more = "") {
  return mail::FailureClassifier(load("hostname: mail.example.com\n" + more).settings.dispatch.failures);
}

smtp::Reply reply_of(std::string_view line) {
  smtp::ReplyReader reader;
  const auto wire = std::string(line) + "\r\n";
  std::string_view rest = wire;
  EXPECT_EQ(reader.read(rest), smtp::ReplyReader::Status::complete) << line;
  return reader.reply();
}

struct Example {
  const char* reply;
  const char* klass;
  Stage stage = Stage::rcpt;
};

const Example examples[] = {
    // Gmail
    {"550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking", "bad_mailbox"},
    {"550 5.2.1 The email account that you tried to reach is disabled.", "inactive_mailbox"},
    {"452 4.2.2 The recipient's inbox is out of storage space. Please direct the recipient to", "full_mailbox"},
    {"552 5.2.2 The email account that you tried to reach is over quota and inactive.", "full_mailbox"},
    {"450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents", "rate"},
    {"421 4.7.28 Our system has detected an unusual rate of unsolicited mail originating from your IP", "rate",
     Stage::final_dot},
    {"550 5.7.26 This mail has been blocked because the sender is unauthenticated. Gmail requires all",
     "unauthenticated", Stage::final_dot},
    {"550 5.7.1 Our system has detected that this message is likely unsolicited mail.", "content", Stage::final_dot},
    {"550 5.7.1 Our system has detected that this message is likely suspicious due to the very low reputation of the "
     "sending domain.",
     "reputation", Stage::final_dot},
    {"552 5.7.0 This message was blocked because its content presents a potential security issue.", "content",
     Stage::final_dot},
    {"550 5.7.25 The IP address sending this message does not have a PTR record setup", "reputation", Stage::mail},
    {"552 5.3.4 Your message exceeded Google's message size limits.", "too_large", Stage::final_dot},
    // Microsoft
    {"550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).", "protocol"},
    {"550 5.4.1 Recipient address rejected: Access denied. [AM0EUR02FT013.eop-EUR02.prod.protection.outlook.com]",
     "bad_mailbox"},
    {"550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", "bad_mailbox"},
    {"550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service provider "
     "since part of their network is on our block list (S3140).",
     "reputation", Stage::mail},
    {"451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation.", "rate",
     Stage::mail},
    {"550 5.7.606 Access denied, banned sending IP [192.0.2.1]", "reputation"},
    {"530 5.7.57 Client not authenticated to send mail.", "auth", Stage::auth},
    {"554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException", "full_mailbox", Stage::final_dot},
    // Yahoo
    {"554 delivery error: dd This user doesn't have a yahoo.com account (nobody@yahoo.com) [0]", "bad_mailbox",
     Stage::final_dot},
    {"554 30 Sorry, your message to a@yahoo.com cannot be delivered. This mailbox is disabled (554.30).",
     "inactive_mailbox", Stage::final_dot},
    {"421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints",
     "reputation", Stage::mail},
    {"552 1 Requested mail action aborted, mailbox not found", "bad_mailbox"},
    // Others
    {"554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", "reputation"},
    {"554 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.1", "reputation", Stage::greeting},
    {"550 5.7.0 Email rejected per SPF policy", "unauthenticated", Stage::mail},
    {"550 5.7.1 Email rejected per DMARC policy for example.com", "unauthenticated", Stage::final_dot},
    {"450 4.2.0 <a@b.example>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/",
     "greylisting"},
    {"550 5.1.1 <nobody@b.example>: Recipient address rejected: User unknown in virtual mailbox table", "bad_mailbox"},
    {"550 Unrouteable address", "bad_mailbox"},
    {"550 5.1.1 <a@b.example> User doesn't exist: a@b.example", "bad_mailbox"},
    {"552 5.2.2 <a@b.example> Quota exceeded (mailbox for user is full)", "full_mailbox", Stage::final_dot},
    {"554 5.7.1 <a@c.example>: Relay access denied", "relaying"},
    {"550 relay not permitted", "relaying"},
    {"530 5.7.0 Must issue a STARTTLS command first", "tls", Stage::mail},
    {"535 5.7.8 Error: authentication failed: authentication failure", "auth", Stage::auth},
    {"554 5.4.0 Error: too many hops", "loop", Stage::final_dot},
    {"552 5.3.4 Message size exceeds fixed limit", "too_large", Stage::mail},
    {"452 4.5.3 Error: too many recipients", "rate"},
    {"452 4.3.1 Insufficient system storage", "system", Stage::mail},
    {"421 4.3.2 The server is shutting down", "system"},
    {"450 4.1.2 <a@nowhere.example>: Recipient address rejected: Domain not found", "bad_domain"},
    {"502 5.5.2 Error: command not recognized", "protocol"},
    {"550 5.7.1 Message rejected", "policy", Stage::final_dot},
    {"550 Denied", "other"},
    // Ours
    {"451 4.4.1 Connection refused", "network", Stage::connect},
    {"451 4.7.0 certificate verify failed", "tls", Stage::tls},
    {"554 5.7.30 the message needs REQUIRETLS, which this host does not offer", "tls", Stage::mail},
    {"556 5.1.10 The domain takes no mail (null MX)", "bad_domain", Stage::connect},
    {"554 5.4.7 Delivery time expired", "expired"},
};

TEST(BouncePatterns, KnowTheRepliesOfWellKnownHosts) {
  const auto classifier = builtin();
  for (const auto& example : examples)
    EXPECT_EQ(to_string(classifier.classify(reply_of(example.reply), example.stage).klass), example.klass)
        << example.reply;
}

TEST(BouncePatterns, ChangeNoOutcomeUnlessTheyMay) {
  const auto greylisted = reply_of("550 5.7.1 Greylisted, try again later");
  const auto nobody = reply_of("450 4.1.1 User unknown");
  const auto then = [](const mail::FailureClassifier& classifier, const smtp::Reply& reply) {
    return classifier.classify(reply, Stage::rcpt).then;
  };
  EXPECT_EQ(then(builtin(), greylisted), mail::FailureAction::as_replied);
  EXPECT_EQ(then(builtin(), nobody), mail::FailureAction::as_replied);
  const auto all = builtin("bounces: {builtin_actions: all}\n");
  EXPECT_EQ(then(all, greylisted), mail::FailureAction::retry);
  EXPECT_EQ(then(all, nobody), mail::FailureAction::bounce);
}

TEST(BouncePatterns, GiveWayToTheAdministratorsRules) {
  const auto classifier = builtin("bounces: {rules: [{class: rate, codes: \"550\", text: spamhaus, then: retry}]}\n");
  const auto found = classifier.classify(reply_of("550 5.7.1 Listed by Spamhaus"), Stage::mail);
  EXPECT_EQ(found.klass, mail::FailureClass::rate);
  EXPECT_EQ(found.then, mail::FailureAction::retry);
}

}  // namespace
}  // namespace godwit::daemon

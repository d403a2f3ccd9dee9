// SPDX-License-Identifier: Apache-2.0
#include "policy/delegation.hpp"

#include <gmock/gmock.h>

#include "verdict_text.hpp"

namespace godwit::policy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Kind = Verdict::Kind;

std::string without_evidence(Verdict verdict) {
  verdict.evidence.clear();
  return verdict_text(verdict);
}

TEST(Delegation, EachActionIsUnderstood) {
  const struct {
    std::string_view action, meaning;
  } table[] = {
      {"DUNNO", "none"},
      {"dunno", "none"},
      {"OK", "accept"},
      {"PERMIT", "accept"},
      {"1234567890", "accept"},
      {"REJECT", "reject 554 5.7.1 Access denied"},
      {"reject Go away", "reject 554 5.7.1 Go away"},
      {"REJECT 5.1.8 Who are you", "reject 554 5.1.8 Who are you"},
      {"REJECT 4.1.8 Who are you", "reject 554 5.7.1 4.1.8 Who are you"},
      {"DEFER", "defer 450 4.7.1 Access denied, try again later"},
      {"DEFER 4.2.0 Later", "defer 450 4.2.0 Later"},
      {"DEFER_IF_PERMIT Greylisted, see http://x/", "defer 450 4.7.1 Greylisted, see http://x/ if others take it"},
      {"DEFER_IF_REJECT DNS is down", "none softening"},
      {"550 No", "reject 550 5.7.1 No"},
      {"550", "reject 550 5.7.1 Access denied"},
      {"521 5.3.2 Not here", "reject 521 5.3.2 Not here"},
      {"451 4.7.1 Later", "defer 451 4.7.1 Later"},
      {"421", "defer 421 4.7.1 Access denied, try again later"},
      {"DISCARD", "discard"},
      {"DISCARD spam", "discard"},
      {"HOLD", "quarantine"},
      {"HOLD odd", "quarantine because odd"},
      {"PREPEND X-Spam: yes", "none with X-Spam: yes\r\n"},
      {"PREPEND Received-SPF: pass", "none with Received-SPF: pass\r\n"},
      {"WARN look at this", "none"},
      {"INFO look at this", "none"},
      {"REDIRECT spam@example.com", "failed: its action REDIRECT is not supported here"},
      {"FILTER smtp:[127.0.0.1]:25", "failed: its action FILTER is not supported here"},
      {"BCC a@example.com", "failed: its action BCC is not supported here"},
      {"permit_mynetworks", "failed: its action permit_mynetworks is not supported here"},
      {"250 Ok", "failed: its action 250 is not supported here"},
      {"", "failed: its answer is no action"},
  };
  for (const auto& row : table)
    EXPECT_EQ(without_evidence(delegated_verdict("action=" + std::string(row.action) + "\n\n", smtp::Utf8::refuse)),
              row.meaning)
        << row.action;
}

TEST(Delegation, WhatIsNoAnswerIsAFailure) {
  for (const std::string_view answer :
       {"\n", "hello\n\n", "action\n\n", "action=OK\naction=REJECT\n\n", "HTTP/1.1 400 Bad Request\r\n\r\n",
        "action=PREPEND nothing\n\n", "action=PREPEND a b: c\n\n", "action=PREPEND X:\n\n", "action=  \n\n"})
    EXPECT_NE(delegated_verdict(answer, smtp::Utf8::refuse).failure, "") << answer;
  EXPECT_EQ(delegated_verdict("other=1\r\naction= OK\r\n\r\n", smtp::Utf8::refuse).kind, Kind::accept);
}

TEST(Delegation, RepliesFitOnALine) {
  const auto reply_to = [](std::string_view action, smtp::Utf8 utf8) {
    return to_wire(*delegated_verdict("action=" + std::string(action) + "\n\n", utf8).reply);
  };
  EXPECT_EQ(reply_to("REJECT a\rb\x01"
                     "c",
                     smtp::Utf8::refuse),
            "554 5.7.1 a?b?c\r\n");
  EXPECT_EQ(reply_to("REJECT Zo\xC3\xAB", smtp::Utf8::refuse), "554 5.7.1 Zo??\r\n");
  EXPECT_EQ(reply_to("REJECT Zo\xC3\xAB", smtp::Utf8::allow), "554 5.7.1 Zo\xC3\xAB\r\n");
  EXPECT_LE(reply_to("REJECT " + std::string(4000, 'x'), smtp::Utf8::refuse).size(), 512U);
  std::string long_text = "REJECT ";
  for (int i = 0; i < 1000; ++i) long_text += "\xC3\xAB";
  const auto cut = reply_to(long_text, smtp::Utf8::allow);
  EXPECT_LE(cut.size(), 512U);
  EXPECT_THAT(cut, Not(HasSubstr("\xEF\xBF\xBD"))) << "no character was cut in two";
}

class DelegationRequest : public ::testing::Test {
 protected:
  DelegationRequest() {
    facts_.client = *base::IpAddress::parse("192.0.2.1");
    facts_.client_port = 4711;
    facts_.listener = *base::Endpoint::parse("198.51.100.1:25");
    facts_.hello = {.extended = true, .name = "client.example"};
    facts_.sender = smtp::Mailbox{.local = "a", .domain = "sender.example"};
    facts_.recipient = {.local = "user", .domain = "example.com"};
    facts_.parameters.size = 1000;
  }
  std::string request(Stage stage) const { return delegation_request(facts_, stage, "i1", "ctx"); }

  Facts facts_;
};

TEST_F(DelegationRequest, TellsWhatPostfixTells) {
  facts_.client_name = {.status = ClientName::Status::mismatch, .name = "host.example"};
  facts_.account = "alice";
  facts_.mechanism = "PLAIN";
  facts_.tls = smtp::TlsInfo{
      .version = "TLSv1.3", .cipher = "C", .peer_subject = "CN=x", .channel_binding = {}, .server_name = {}};
  EXPECT_EQ(request(Stage::rcpt),
            "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\nhelo_name=client.example\n"
            "client_address=192.0.2.1\nclient_name=unknown\nclient_port=4711\nreverse_client_name=host.example\n"
            "server_address=198.51.100.1\nserver_port=25\nsender=a@sender.example\nrecipient=user@example.com\n"
            "recipient_count=0\nqueue_id=\nsize=1000\ninstance=i1\nsasl_method=PLAIN\nsasl_username=alice\n"
            "sasl_sender=\nccert_subject=CN=x\nccert_issuer=\nccert_fingerprint=\nccert_pubkey_fingerprint=\n"
            "encryption_protocol=TLSv1.3\nencryption_cipher=C\nencryption_keysize=0\netrn_domain=\nstress=\n"
            "policy_context=ctx\n\n");
}

TEST_F(DelegationRequest, EachStageHasItsName) {
  const std::pair<Stage, std::string> table[] = {{Stage::connect, "CONNECT"}, {Stage::helo, "EHLO"},
                                                 {Stage::mail, "MAIL"},       {Stage::rcpt, "RCPT"},
                                                 {Stage::data, "DATA"},       {Stage::end, "END-OF-MESSAGE"}};
  for (const auto& [stage, name] : table) EXPECT_THAT(request(stage), HasSubstr("\nprotocol_state=" + name + "\n"));
  EXPECT_THAT(request(Stage::connect), HasSubstr("\nhelo_name=\n"));
  EXPECT_THAT(request(Stage::helo), HasSubstr("\nsender=\n"));
}

TEST_F(DelegationRequest, RecipientsOfAWholeMessage) {
  facts_.recipients = {facts_.recipient};
  facts_.size = 2000;
  EXPECT_THAT(request(Stage::end), HasSubstr("\nrecipient=user@example.com\nrecipient_count=1\n"));
  EXPECT_THAT(request(Stage::end), HasSubstr("\nsize=2000\n"));
  facts_.recipients.push_back(facts_.recipient);
  EXPECT_THAT(request(Stage::data), HasSubstr("\nrecipient=\nrecipient_count=2\n"));
}

TEST_F(DelegationRequest, NoValueEndsItsLine) {
  facts_.hello.name = "a\nsasl_username=root\n\n";
  EXPECT_THAT(request(Stage::rcpt), HasSubstr("\nhelo_name=a?sasl_username=root??\n"));
}

}  // namespace
}  // namespace godwit::policy

// SPDX-License-Identifier: Apache-2.0
#include "policy/milter_dialogue.hpp"

#include <gmock/gmock.h>

namespace godwit::policy {
namespace {

using namespace std::string_literals;
using MilterKind = MilterVerdict::Kind;
using ::testing::HasSubstr;
using ::testing::Not;

// The codes of the packets in it, and whether an answer is awaited: "DC?".
std::string show(const MilterStep& step) {
  MilterPackets packets;
  packets.put(step.bytes);
  std::string codes;
  while (auto packet = packets.next().value()) codes += packet->code;
  EXPECT_TRUE(packets.empty());
  return codes + (step.answered ? "?" : "");
}

class MilterDialogueTest : public ::testing::Test {
 protected:
  void agree(std::uint32_t steps = 0, std::uint32_t actions = milter_action::all, std::uint32_t version = 6,
             std::string_view macros = {}) {
    std::string data;
    for (const auto number : {version, actions, steps}) put_milter_number(data, number);
    data += macros;
    EXPECT_TRUE(dialogue_.hear('O', data));
  }
  MilterVerdict verdict(char code, std::string_view data = {}) {
    auto heard = dialogue_.hear(code, data);
    EXPECT_TRUE(heard) << code;
    if (!heard || !std::holds_alternative<MilterVerdict>(*heard))
      return {.kind = MilterKind::discard, .reply = smtp::Reply{}};
    return std::get<MilterVerdict>(*heard);
  }
  void go_on() { EXPECT_EQ(verdict('c').kind, MilterKind::go_on); }
  bool waits(char code, std::string_view data = {}) {
    auto heard = dialogue_.hear(code, data);
    return heard && std::holds_alternative<MilterDialogue::Patience>(*heard);
  }
  void begin_message() {
    dialogue_.mail({"<a@x>"}, {});
    go_on();
    dialogue_.rcpt({"<b@y>"}, {});
    go_on();
  }
  MilterDialogue dialogue_;
  const MilterMacros macros_ = {{"j", "mail.x"}, {"i", "ID"}, {"{mail_addr}", "a@x"}};
};

TEST_F(MilterDialogueTest, SaysAllOfASessionInOrder) {
  EXPECT_EQ(show(MilterDialogue::negotiate()), "O?");
  agree();
  EXPECT_EQ(show(dialogue_.connect("[192.0.2.1]", {}, macros_)), "DC?");
  go_on();
  EXPECT_EQ(show(dialogue_.helo("client", macros_)), "DH?");
  go_on();
  EXPECT_EQ(show(dialogue_.mail({"<a@x>", "SIZE=9"}, macros_)), "DM?");
  go_on();
  EXPECT_EQ(show(dialogue_.rcpt({"<b@y>"}, macros_)), "DR?");
  go_on();
  EXPECT_EQ(show(dialogue_.data(macros_)), "DT?");
  go_on();
  EXPECT_EQ(show(dialogue_.header("Subject", " s")), "L?");
  go_on();
  EXPECT_EQ(show(dialogue_.end_of_header(macros_)), "DN?");
  go_on();
  EXPECT_EQ(show(dialogue_.body("text\r\n")), "B?");
  go_on();
  EXPECT_EQ(show(dialogue_.end_of_message(macros_)), "DE?");
  go_on();
  EXPECT_EQ(show(dialogue_.abort()), "");
  EXPECT_TRUE(dialogue_.can_serve_another());
  EXPECT_EQ(show(dialogue_.next_connection()), "K");
  EXPECT_EQ(show(dialogue_.unknown("FOO")), "U?");
  EXPECT_EQ(show(MilterDialogue::quit()), "Q");
}

TEST_F(MilterDialogueTest, LeavesOutWhatTheMilterDoesNotWant) {
  using namespace milter_step;
  agree(no_connect | no_helo | no_mail | no_rcpt | no_body | no_header | no_end_of_header | no_data | no_unknown);
  EXPECT_EQ(show(dialogue_.connect("h", {}, macros_)), "D");
  EXPECT_EQ(show(dialogue_.helo("h", macros_)), "D");
  EXPECT_EQ(show(dialogue_.mail({"<>"}, macros_)), "D");
  EXPECT_EQ(show(dialogue_.rcpt({"<b@y>"}, macros_)), "D");
  EXPECT_EQ(show(dialogue_.data(macros_)), "D");
  EXPECT_EQ(show(dialogue_.header("A", "b")), "");
  EXPECT_EQ(show(dialogue_.end_of_header(macros_)), "D");
  EXPECT_FALSE(dialogue_.wants_body());
  EXPECT_EQ(show(dialogue_.body("x")), "");
  EXPECT_EQ(show(dialogue_.unknown("FOO")), "");
  EXPECT_EQ(show(dialogue_.end_of_message(macros_)), "DE?");
}

TEST_F(MilterDialogueTest, AwaitsNoAnswerWhereNoneWillCome) {
  using namespace milter_step;
  agree(mute_connect | mute_helo | mute_mail | mute_rcpt | mute_data | mute_header | mute_end_of_header | mute_body |
        mute_unknown);
  EXPECT_EQ(show(dialogue_.connect("h", {}, macros_)), "DC");
  EXPECT_EQ(show(dialogue_.helo("h", macros_)), "DH");
  EXPECT_EQ(show(dialogue_.mail({"<>"}, macros_)), "DM");
  EXPECT_EQ(show(dialogue_.rcpt({"<b@y>"}, macros_)), "DR");
  EXPECT_EQ(show(dialogue_.data(macros_)), "DT");
  EXPECT_EQ(show(dialogue_.header("A", "b")), "L");
  EXPECT_EQ(show(dialogue_.end_of_header(macros_)), "DN");
  EXPECT_EQ(show(dialogue_.body("x")), "B");
  EXPECT_EQ(show(dialogue_.end_of_message(macros_)), "DE?");
}

TEST_F(MilterDialogueTest, SpeaksOlderVersionsAsTheyWere) {
  agree(0, milter_action::add_header, 2);
  begin_message();
  EXPECT_EQ(show(dialogue_.data(macros_)), "D");
  EXPECT_EQ(show(dialogue_.unknown("FOO")), "");
  EXPECT_FALSE(dialogue_.can_serve_another());
}

TEST_F(MilterDialogueTest, RefusesWhatItDidNotOffer) {
  std::string data;
  for (const auto number : {6U, 0x400U, 0U}) put_milter_number(data, number);
  EXPECT_FALSE(dialogue_.hear('O', data));
  for (const auto version : {1U, 7U}) {
    data.clear();
    for (const auto number : {version, 0U, 0U}) put_milter_number(data, number);
    EXPECT_FALSE(MilterDialogue().hear('O', data));
  }
  EXPECT_FALSE(MilterDialogue().hear('c', ""));
}

TEST_F(MilterDialogueTest, SendsTheMacrosThatAreChosen) {
  agree(0, milter_action::all, 6, "\0\0\0\2j mail_addr {none}\0"s);
  const auto step = dialogue_.mail({"<a@x>"}, macros_);
  EXPECT_THAT(step.bytes, HasSubstr("Mj\0mail.x\0mail_addr\0a@x\0"s));
  EXPECT_THAT(step.bytes, Not(HasSubstr("ID")));
  EXPECT_THAT(dialogue_.rcpt({"<b@y>"}, macros_).bytes, HasSubstr("Ri\0ID\0"s));
}

TEST_F(MilterDialogueTest, ShowsAddressesAsTheyAre) {
  agree();
  EXPECT_THAT(dialogue_.connect("h", base::Endpoint::parse("192.0.2.1:258"), {}).bytes,
              HasSubstr("Ch\0004\1\002192.0.2.1\0"s));
  EXPECT_THAT(dialogue_.connect("h", base::Endpoint::parse("[2001:db8::1]:25"), {}).bytes,
              HasSubstr("Ch\0006\0\0312001:db8::1\0"s));
  EXPECT_THAT(dialogue_.connect("h", {}, {}).bytes, HasSubstr("Ch\0U"s));
}

TEST_F(MilterDialogueTest, KeepsTheBlankBehindTheColonWhereAgreed) {
  agree(milter_step::leading_space);
  begin_message();
  EXPECT_THAT(dialogue_.header("S", "  a\r\n\tb").bytes, HasSubstr("LS\0  a\n\tb\0"s));
}

TEST_F(MilterDialogueTest, TakesOneBlankAwayWhereNotAgreed) {
  agree();
  begin_message();
  EXPECT_THAT(dialogue_.header("S", "  a").bytes, HasSubstr("LS\0 a\0"s));
  EXPECT_THAT(dialogue_.header("S", "\ta").bytes, HasSubstr("LS\0\ta\0"s));
}

TEST_F(MilterDialogueTest, CutsFieldsThatAreLongerThanAPacket) {
  agree();
  begin_message();
  std::string body;
  while (body.size() < 100000) body.append(70, 'x').append("\r\n ");
  const auto bytes = dialogue_.header("S", body).bytes;
  EXPECT_LE(bytes.size(), longest_milter_data + 5);
  EXPECT_TRUE(bytes.ends_with("x\0"s));
  EXPECT_EQ(show(dialogue_.header(std::string(2000, 'n'), "v")), "");
}

TEST_F(MilterDialogueTest, ARefusalOfAnUnknownCommandIsForThatAlone) {
  agree();
  begin_message();
  EXPECT_EQ(show(dialogue_.unknown("FOO")), "U?");
  EXPECT_EQ(verdict('r').kind, MilterKind::refuse);
  EXPECT_EQ(show(dialogue_.data(macros_)), "DT?");
}

TEST_F(MilterDialogueTest, PassesOnRefusals) {
  agree();
  dialogue_.helo("h", {});
  EXPECT_EQ(verdict('r').reply->code, 550);
  EXPECT_EQ(show(dialogue_.mail({"<a@x>"}, {})), "");  // it has said its word on this session
  dialogue_ = {};
  agree();
  begin_message();
  dialogue_.rcpt({"<c@y>"}, {});
  EXPECT_EQ(verdict('t').reply->code, 451);
  EXPECT_EQ(show(dialogue_.rcpt({"<d@y>"}, {})), "DR?");  // of one recipient only
  EXPECT_EQ(verdict('y', "450 4.2.1 full\0"s).reply, smtp::make_reply(450, {4, 2, 1}, "full"));
  dialogue_.data({});
  EXPECT_EQ(verdict('4').reply->code, 421);
  EXPECT_EQ(show(dialogue_.header("A", "b")), "");
  EXPECT_EQ(show(dialogue_.abort()), "A");
  EXPECT_EQ(show(dialogue_.mail({"<a@x>"}, {})), "DM?");
}

TEST_F(MilterDialogueTest, HasNothingMoreToSayOfWhatItAccepted) {
  agree();
  begin_message();
  dialogue_.data({});
  EXPECT_EQ(verdict('a').kind, MilterKind::go_on);
  EXPECT_FALSE(dialogue_.is_interested());
  EXPECT_EQ(show(dialogue_.end_of_message({})), "");
  EXPECT_EQ(show(dialogue_.abort()), "A");
  EXPECT_EQ(show(dialogue_.mail({"<a@x>"}, {})), "DM?");
  go_on();
  dialogue_.abort();
  dialogue_.helo("h", {});
  EXPECT_EQ(verdict('a').kind, MilterKind::go_on);
  EXPECT_EQ(show(dialogue_.mail({"<a@x>"}, {})), "");
}

TEST_F(MilterDialogueTest, ServesNoOtherClientBehindAnAnswerThatLibmilterTakesForTheEnd) {
  for (const char answer : {'a', 'r', 't', 'd'}) {
    dialogue_ = {};
    agree();
    begin_message();
    dialogue_.end_of_message({});
    verdict(answer);
    EXPECT_FALSE(dialogue_.can_serve_another()) << answer;
  }
}

TEST_F(MilterDialogueTest, SkipsTheRestOfTheBody) {
  agree(milter_step::skips);
  begin_message();
  dialogue_.body("x");
  EXPECT_EQ(verdict('s').kind, MilterKind::go_on);
  EXPECT_FALSE(dialogue_.wants_body());
  EXPECT_EQ(show(dialogue_.end_of_message({})), "DE?");
}

TEST_F(MilterDialogueTest, TakesChangesAtTheEndOnly) {
  agree();
  begin_message();
  dialogue_.header("A", "b");
  EXPECT_FALSE(dialogue_.hear('h', "X\0v\0"s));
}

TEST_F(MilterDialogueTest, TakesOnlyChangesThatWereAgreedOn) {
  const std::pair<char, std::string> changes[] = {{'h', "X\0v\0"s},  {'i', "\0\0\0\1X\0v\0"s}, {'m', "\0\0\0\1X\0v\0"s},
                                                  {'e', "<a@x>\0"s}, {'+', "<a@x>\0"s},        {'2', "<a@x>\0Y\0"s},
                                                  {'-', "<a@x>\0"s}, {'q', "why\0"s},          {'b', "new"s}};
  for (const auto& [code, data] : changes) {
    for (const auto actions : {std::uint32_t{milter_action::all}, std::uint32_t{0}}) {
      dialogue_ = {};
      agree(0, actions);
      begin_message();
      dialogue_.end_of_message({});
      EXPECT_EQ(dialogue_.hear(code, data).has_value(), actions != 0) << code;
    }
  }
}

TEST_F(MilterDialogueTest, KeepsTheOrderOfChangesAndGivesFieldsTheirBlank) {
  agree();
  begin_message();
  dialogue_.end_of_message({});
  EXPECT_TRUE(waits('h', "X\0v\0"s));
  EXPECT_TRUE(waits('p'));
  EXPECT_TRUE(waits('m', "\0\0\0\1Y\0\0"s));
  auto body = dialogue_.hear('b', "new body");
  ASSERT_TRUE(body);
  EXPECT_EQ(std::get<MilterBody>(*body).bytes, "new body");
  go_on();
  const auto changes = dialogue_.take_changes();
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(std::get<change::AddHeader>(changes[0]).value, " v");
  EXPECT_EQ(std::get<change::ChangeHeader>(changes[1]).value, "");
}

TEST_F(MilterDialogueTest, ForgetsChangesOfAMessageThatIsRefused) {
  agree();
  begin_message();
  dialogue_.end_of_message({});
  EXPECT_TRUE(waits('h', "X\0v\0"s));
  EXPECT_EQ(verdict('r').kind, MilterKind::refuse);
  EXPECT_TRUE(dialogue_.take_changes().empty());
}

TEST_F(MilterDialogueTest, BoundsWhatIsChanged) {
  agree();
  begin_message();
  dialogue_.end_of_message({});
  const auto large = "X\0"s + std::string(500000, 'v') + '\0';
  EXPECT_TRUE(waits('h', large));
  EXPECT_TRUE(waits('h', large));
  EXPECT_FALSE(dialogue_.hear('h', large));
}

TEST_F(MilterDialogueTest, TakesNoAnswerOutOfPlace) {
  agree();
  EXPECT_FALSE(dialogue_.hear('c', ""));  // nothing was asked
  dialogue_.connect("h", {}, {});
  EXPECT_FALSE(dialogue_.hear('d', ""));
  dialogue_.connect("h", {}, {});
  EXPECT_FALSE(dialogue_.hear('s', ""));
  EXPECT_FALSE(dialogue_.hear('O', "\0\0\0\6\0\0\0\0\0\0\0\0"s));
  EXPECT_FALSE(dialogue_.hear('f', ""));
}

}  // namespace
}  // namespace godwit::policy

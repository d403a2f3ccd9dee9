// SPDX-License-Identifier: Apache-2.0
#include "policy/milter_reply.hpp"

#include <gmock/gmock.h>

#include "policy/milter_protocol.hpp"

namespace godwit::policy {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;

template <class T, class... Ts>
T take(const std::variant<Ts...>& one) {
  if constexpr ((std::is_same_v<T, Ts> || ...))
    if (const auto* found = std::get_if<T>(&one)) return *found;
  ADD_FAILURE() << "it is something else";
  return {};
}

template <class T>
T read(char code, std::string_view data) {
  const auto reply = parse_milter_reply(code, data);
  EXPECT_TRUE(reply) << code;
  if (!reply) return {};
  const auto* change = std::get_if<MilterChange>(&*reply);
  return change != nullptr ? take<T>(*change) : take<T>(*reply);
}

TEST(MilterReply, KnowsItsWords) {
  const std::pair<char, MilterWord> words[] = {
      {'c', MilterWord::go_on},    {'a', MilterWord::accept},    {'d', MilterWord::discard},
      {'r', MilterWord::reject},   {'t', MilterWord::defer},     {'s', MilterWord::skip},
      {'p', MilterWord::progress}, {'4', MilterWord::shut_down}, {'f', MilterWord::no_connection}};
  for (const auto& [code, word] : words) EXPECT_EQ(read<MilterWord>(code, ""), word) << code;
}

TEST(MilterReply, ReadsWhatTheMilterWants) {
  const auto options =
      read<MilterOptions>('O', "\0\0\0\6\0\0\1\x3f\0\x10\4\x80\0\0\0\0j _,{daemon_name}\0\0\0\0\5i\0"s);
  EXPECT_EQ(options.version, 6U);
  EXPECT_EQ(options.actions, 0x13FU);
  EXPECT_EQ(options.steps, 0x100480U);
  EXPECT_THAT(options.macros.at(MacroStage::connect), ElementsAre("j", "_", "{daemon_name}"));
  EXPECT_THAT(options.macros.at(MacroStage::end_of_message), ElementsAre("i"));
}

TEST(MilterReply, ReadsChangesOfFields) {
  const auto added = read<change::AddHeader>('h', "X-A\0 v\n\tw\0"s);
  EXPECT_EQ(added.name, "X-A");
  EXPECT_EQ(added.value, " v\n\tw");
  EXPECT_EQ(read<change::InsertHeader>('i', "\0\0\0\1X\0v\0"s).index, 1U);
  const auto changed = read<change::ChangeHeader>('m', "\0\0\1\2Subject\0\0"s);
  EXPECT_EQ(changed.index, 0x102U);
  EXPECT_EQ(changed.value, "");
}

TEST(MilterReply, ReadsChangesOfTheEnvelope) {
  EXPECT_EQ(read<change::AddRecipient>('+', "<a@x>\0"s).address, "<a@x>");
  EXPECT_EQ(read<change::AddRecipient>('2', "<a@x>\0NOTIFY=NEVER\0"s).parameters, "NOTIFY=NEVER");
  EXPECT_EQ(read<change::DeleteRecipient>('-', "<a@x>\0"s).address, "<a@x>");
  EXPECT_EQ(read<change::ChangeSender>('e', "<b@x>\0"s).address, "<b@x>");
  EXPECT_EQ(read<change::Quarantine>('q', "odd\0"s).reason, "odd");
}

TEST(MilterReply, ReadsRepliesOfOneAndOfSeveralLines) {
  EXPECT_EQ(read<smtp::Reply>('y', "550 5.7.1 100%% spam\0"s), smtp::make_reply(550, {5, 7, 1}, "100% spam"));
  const smtp::Reply two{.code = 451, .enhanced = {4, 7, 1}, .lines = {"later", "please"}};
  EXPECT_EQ(read<smtp::Reply>('y', "451-4.7.1 later\r\n451 4.7.1 please\0"s), two);
  EXPECT_EQ(read<smtp::Reply>('y', "554\0"s).lines, std::vector<std::string>{""});
  EXPECT_EQ(read<smtp::Reply>('y', "550 2.0.0 odd\0"s).enhanced, smtp::EnhancedCode{});
}

TEST(MilterReply, MakesNoSecondLineOfControlBytes) {
  EXPECT_EQ(to_wire(read<smtp::Reply>('y', "550 a\x07 b\0"s)), "550 a? b\r\n");
}

TEST(MilterReply, RefusesWhatIsCutOrMakesNoSense) {
  const std::pair<char, std::string> bad[] = {{'O', "\0\0\0\6"s},
                                              {'O', "\0\0\0\6\0\0\0\0\0\0\0\0\0\0\0\1x"s},
                                              {'O', "\0\0\0\6\0\0\0\0\0\0\0\0\0\0\0\7x\0"s},
                                              {'h', "X"s},
                                              {'h', "X\0v"s},
                                              {'i', "\0\0\0"s},
                                              {'m', "\0\0\0\1X"s},
                                              {'+', "<a@x>"s},
                                              {'y', "250 fine\0"s},
                                              {'y', "550x\0"s},
                                              {'y', "\0"s},
                                              {'y', "550 no end"s},
                                              {'q', "no end"s},
                                              {'Z', ""s},
                                              {'\0', ""s}};
  for (const auto& [code, data] : bad) EXPECT_FALSE(parse_milter_reply(code, data)) << code << data;
}

TEST(MilterPackets, AreFoundHoweverTheyAreCut) {
  const auto stream = milter_packet(MilterCommand::body, "abc") + milter_packet(MilterCommand::quit);
  MilterPackets packets;
  std::string found;
  for (const char byte : stream) {
    packets.put({&byte, 1});
    while (auto packet = packets.next().value()) found += packet->code + packet->data + ";";
  }
  EXPECT_EQ(found, "Babc;Q;");
  EXPECT_TRUE(packets.empty());
}

TEST(MilterPackets, RefuseLengthsThatNoMilterMeans) {
  MilterPackets nothing;
  nothing.put("\0\0\0\0c"s);
  EXPECT_FALSE(nothing.next());
  MilterPackets huge;
  huge.put("HTTP"s);
  EXPECT_FALSE(huge.next());
}

}  // namespace
}  // namespace godwit::policy

// SPDX-License-Identifier: Apache-2.0
#include "control/message_json.hpp"

#include <gmock/gmock.h>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>

#include "control/json_body.hpp"
#include "control/prepared_message.hpp"
#include "support/run_on.hpp"

namespace godwit::control {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

base::Result<MessageOrder> order_of(std::string_view json) {
  return read_message_order(boost::json::parse(json), 10);
}

std::string json_fault(std::string_view json) {
  const auto order = order_of(json);
  return order ? "none" : order.error().message;
}

TEST(MessageJson, SaysWhoGetsWhat) {
  const auto order = order_of(R"({"from": "\"Doe, Alice\" <alice@x.example>", "to": ["bob@y.example", {"name": "Carol",
      "address": "carol@z.example"}], "cc": "dan@y.example", "bcc": ["eve@y.example", "bob@y.example"], "subject": "s",
      "text": "t", "html": null, "headers": {"X-A": ["1", "2"]}, "attachments": [{"content_base64": "aG k=\n",
      "content_id": "<logo@x>"}], "notify": ["success", "failure"], "ret": "headers", "envid": "e1",
      "deliver_by": "3600;R"})");
  ASSERT_TRUE(order) << order.error().message;
  const auto& [message, envelope] = *order;
  EXPECT_EQ(message.from.at(0).name, "Doe, Alice");
  EXPECT_EQ(message.to.at(1).name, "Carol");
  EXPECT_FALSE(message.html);
  EXPECT_EQ(message.headers.size(), 2U);
  EXPECT_EQ(message.attachments.at(0).content, "hi");
  EXPECT_EQ(message.attachments.at(0).content_id, "logo@x");
  EXPECT_TRUE(message.attachments.at(0).is_inline);
  EXPECT_EQ(envelope.sender, smtp::ReversePath(smtp::Mailbox{"alice", "x.example"}));
  EXPECT_THAT(envelope.recipients, ElementsAre(smtp::Mailbox{"bob", "y.example"}, smtp::Mailbox{"carol", "z.example"},
                                               smtp::Mailbox{"dan", "y.example"}, smtp::Mailbox{"eve", "y.example"}));
  EXPECT_EQ(envelope.notify, smtp::notify_success | smtp::notify_failure);
  EXPECT_EQ(envelope.ret, smtp::return_headers);
  EXPECT_EQ(envelope.envid, "e1");
  EXPECT_EQ(envelope.deliver_by->within.count(), 3600);
}

TEST(MessageJson, AnEnvelopeOfItsOwnCounts) {
  const auto order = order_of(
      R"({"from": "a@x.example", "to": "b@y.example", "envelope": {"from": "", "recipients": ["c@z.example"]}})");
  ASSERT_TRUE(order);
  EXPECT_EQ(order->envelope.sender, std::optional<smtp::ReversePath>(std::in_place));
  EXPECT_THAT(order->envelope.recipients, ElementsAre(smtp::Mailbox{"c", "z.example"}));
}

TEST(MessageJson, FaultsNameTheirMember) {
  EXPECT_THAT(json_fault("[]"), HasSubstr("expected an object"));
  EXPECT_EQ(json_fault("{}"), "from: it is missing");
  EXPECT_THAT(json_fault(R"({"from": "a@x.example", "subjet": ""})"),
              HasSubstr("subjet: there is no such member; subject?"));
  EXPECT_THAT(json_fault(R"({"from": "a@x.example", "subject": 1})"), "subject: expected a string");
  EXPECT_THAT(json_fault(R"({"from": "a"})"), StartsWith("from: \"a\" is no address"));
  EXPECT_THAT(json_fault(R"({"from": "a@x.example, b@x.example"})"), StartsWith("from: "));
  EXPECT_THAT(json_fault(R"({"from": {"name": "A"}})"), "from: it has no address");
  EXPECT_THAT(json_fault(R"({"from": "a@x.example", "to": ["b@y.example", "c"]})"), StartsWith("to[1]: "));
  EXPECT_THAT(json_fault(R"({"from": "a@x.example", "attachments": [{"filename": "f"}]})"),
              "attachments[0]: it has no content_base64");
  EXPECT_THAT(json_fault(R"({"from": "a@x.example", "attachments": [{"content_base64": "aGk"}]})"),
              "attachments[0].content_base64: this is no base 64");
  EXPECT_THAT(json_fault(R"({"from": "a@x.example", "attachments": {"content_base64": "", "inline": 1}})"),
              "attachments.inline: expected true or false");
  EXPECT_THAT(json_fault(R"({"from": "a@x.example", "notify": ["never", "success"]})"), StartsWith("notify: "));
  EXPECT_THAT(json_fault(R"({"from": "a@x.example", "envid": "a b"})"), StartsWith("envid: "));
  EXPECT_THAT(json_fault(R"({"from": "a@x.example", "envelope": {"recipients": ["b"  , 7]}})"),
              "envelope.recipients[1]: expected a string");
}

struct JsonRoom {
  std::uint64_t of_this = 1U << 20U, in_all = 1U << 20U;
};

class JsonBody : public ::testing::Test {
 protected:
  // Read in pieces of so many bytes.
  std::string read(std::string text, std::size_t piece, std::uint64_t most = 1000, JsonRoom room = {}) {
    std::size_t at = 0;
    spool::Pieces pieces = [&]() -> disk::Task<std::string_view> {
      const auto given = std::string_view(text).substr(at, piece);
      at += given.size();
      co_return given;
    };
    std::function<bool(std::uint64_t)> reserve = [&](std::uint64_t bytes) {
      if (bytes > room.in_all) return false;
      room.in_all -= bytes;
      reserved_ += bytes;
      return true;
    };
    auto reading = read_json(std::move(pieces), {.text = most, .memory = room.of_this}, std::move(reserve));
    const auto value = testing::run_on(io_, std::move(reading));
    return value ? "ok" : value.error().message;
  }
  boost::asio::io_context io_;
  std::uint64_t reserved_ = 0;
};

TEST_F(JsonBody, FaultsHaveALineAndAColumnHoweverItComes) {
  const std::string text = "{\"a\": 1,\n \"b\": x}";
  for (std::size_t piece = 1; piece <= text.size(); ++piece)
    EXPECT_THAT(read(text, piece), StartsWith("JSON, line 2, column 7: ")) << piece;
  EXPECT_THAT(read("{\"a\": 1", 3), StartsWith("JSON, line 1, column 8: "));
  EXPECT_THAT(read("", 3), StartsWith("JSON, line 1, column 1: "));
  EXPECT_EQ(read("{} \n ", 1), "ok");
  for (std::size_t piece = 1; piece < 5; ++piece)
    EXPECT_THAT(read("{} {}", piece), StartsWith("JSON, line 1, ")) << piece;
  EXPECT_THAT(read("\"\xFF\"", 1), StartsWith("JSON, line 1, column 2: "));
  EXPECT_THAT(read(std::string(500, '['), 100), StartsWith("JSON, line 1, "));
}

TEST_F(JsonBody, IsBounded) {
  EXPECT_THAT(read("{\"a\": 1}", 3, 7), HasSubstr("longer than 7 bytes"));
  EXPECT_THAT(read("{\"a\": 1}", 3, 8, {.in_all = 100}), HasSubstr("try again later"));
}

// Each of these bytes makes a value of many.
TEST_F(JsonBody, IsBoundedInTheMemoryThatItsValuesTake) {
  constexpr std::uint64_t most = 4U << 20U;
  const auto values = [](std::size_t count, const std::string& one) {
    std::string text = "[" + one;
    for (std::size_t i = 1; i < count; ++i) text += "," + one;
    return text + "]";
  };
  for (const std::string one : {"1", "{}", "[]", "\"a@b\"", "{\"\":[]}"}) {
    reserved_ = 0;
    EXPECT_EQ(read(values(1U << 20U, one), 65536, 1U << 30U, {.of_this = most, .in_all = most}),
              "the JSON has too many values");
    EXPECT_LE(reserved_, most);
    EXPECT_THAT(read(values(1U << 20U, one), 65536, 1U << 30U, {.of_this = most * 100, .in_all = most}),
                HasSubstr("try again later"));
  }
  // One long text takes no more than a few times its bytes.
  const std::string text = "\"" + std::string(900'000, 'x') + "\"";
  EXPECT_EQ(read(text, 16384, 1U << 20U, {.of_this = most, .in_all = most}), "ok");
}

TEST(MemoryOfRequests, LeavesRoomBesideOneCaller) {
  TakenMemory taken;
  constexpr Share::Bounds most{.of_caller = 100, .in_all = 150};
  auto first = std::make_optional<Share>(taken, "app");
  Share second(taken, "app"), other(taken, "robot"), third(taken, "else");
  EXPECT_TRUE(first->take(60, most));
  EXPECT_FALSE(second.take(41, most)) << "of both requests of one caller";
  EXPECT_TRUE(second.take(40, most));
  EXPECT_TRUE(other.take(50, most));
  EXPECT_FALSE(third.take(1, most)) << "of all";
  first.reset();
  EXPECT_TRUE(third.take(60, most));
  EXPECT_EQ(taken.in_all, 150U);
  EXPECT_EQ(taken.of.at("app"), 40U);
}

TEST(MemoryOfRequests, IsForgottenWithTheLastRequest) {
  TakenMemory taken;
  {
    Share one(taken, "app"), none(taken, "app"), refused(taken, "robot");
    EXPECT_TRUE(one.take(10, {.of_caller = 10, .in_all = 10}));
    EXPECT_FALSE(refused.take(1, {.of_caller = 10, .in_all = 10}));
  }
  EXPECT_EQ(taken.in_all, 0U);
  EXPECT_THAT(taken.of, ::testing::IsEmpty());
}

TEST(MessageJson, NamesNoMoreThanAMessageMayHave) {
  const auto many = [](const std::string& one, int count) {
    std::string list = "[" + one;
    for (int i = 1; i < count; ++i) list += "," + one;
    return list + "]";
  };
  const std::string ten = many("\"a@x.example\"", 10), eleven = many("\"a@x.example\"", 11);
  EXPECT_EQ(json_fault(R"({"from": "a@x.example", "to": )" + ten + ", \"cc\": " + ten + "}"), "none");
  for (const std::string member : {"to", "cc", "bcc", "reply_to"}) {
    const auto order = order_of(R"({"from": "a@x.example", ")" + member + "\": " + eleven + "}");
    ASSERT_FALSE(order) << member;
    EXPECT_EQ(order.error().kind, base::ErrorKind::refused);
    EXPECT_EQ(order.error().message, member + ": 11 recipients; a message has at most 10");
  }
  EXPECT_EQ(json_fault(R"({"from": "a@x.example", "envelope": {"recipients": )" + eleven + "}}"),
            "envelope.recipients: 11 recipients; a message has at most 10");
  EXPECT_THAT(json_fault(R"({"from": "a@x.example", "notify": )" + many("\"delay\"", 4) + "}"),
              HasSubstr("more than 3"));
  EXPECT_THAT(json_fault(R"({"from": "a@x.example", "headers": {"X-A": )" + many("\"x\"", 1001) + "}}"),
              HasSubstr("more than 1000"));
}

}  // namespace
}  // namespace godwit::control

// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <fmt/format.h>

#include "unit/state/history_fixture.hpp"

namespace godwit::state {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

enum class Index { none, some, all };

// Whatever of it is indexed.
class HistorySearch : public HistoryOnSimDisk, public ::testing::WithParamInterface<Index> {
 protected:
  void SetUp() override {
    if (GetParam() != Index::none) with_index();
    open();
    accepted(1, "<alice@example.com>", "<bob@big.example>", "<one@example.com>");
    add("attempt", 1, {{"to", "big.example"}, {"site", "google"}});
    outcome("delivered", 1, "<alice@example.com>", "<bob@big.example>");
    accepted(2, "<alice@example.com>", "<carol@small.example>,<bob@big.example>", "<two@example.com>");
    outcome("deferred", 2, "<alice@example.com>", "<carol@small.example>");
    reopen();
    if (index) wait_indexed();
    outcome("delivered", 2, "<alice@example.com>", "<bob@big.example>");
    accepted(3, "<>", "<alice@example.com>", "");
    outcome("bounced", 3, "<>", "<alice@example.com>");
    if (GetParam() != Index::all) return;
    reopen();
    wait_indexed();
  }
  void accepted(std::uint64_t number, std::string_view from, std::string_view to, std::string_view message_id) {
    const auto subject = fmt::format("Letter {}, with \xC3\xBC", number);
    add("accepted", number, {{"from", from}, {"to", to}, {"message_id", message_id}, {"subject", subject}});
  }
  void outcome(std::string_view event, std::uint64_t number, std::string_view from, std::string_view to) {
    add(event, number, {{"from", from}, {"to", to}, {"reply", "words"}});
  }
  std::vector<std::uint64_t> ids(HistoryQuery query) {
    std::vector<std::uint64_t> ids;
    for (const auto& match : search(std::move(query)).matches) ids.push_back(match.id.value - id(0).value);
    return ids;
  }
};

TEST_P(HistorySearch, FindsTheNewestFirst) {
  EXPECT_THAT(ids({}), ElementsAre(3, 2, 1));
}

TEST_P(HistorySearch, AsksForSenderRecipientAndDestination) {
  EXPECT_THAT(ids({.sender = "Alice@example.com"}), ElementsAre(2, 1));
  EXPECT_THAT(ids({.sender = "@example.com"}), ElementsAre(2, 1));
  EXPECT_THAT(ids({.sender = "<>"}), ElementsAre(3));
  EXPECT_THAT(ids({.recipient = "carol@*"}), ElementsAre(2));
  EXPECT_THAT(ids({.recipient = "bob@big.example"}), ElementsAre(2, 1));
  EXPECT_THAT(ids({.destination = "small.example"}), ElementsAre(2));
  EXPECT_THAT(ids({.sender = "<>", .destination = "big.example"}), IsEmpty());
}

TEST_P(HistorySearch, OutcomeIsThatOfTheRecipientThatIsMeant) {
  EXPECT_THAT(ids({.outcome = "deferred"}), ElementsAre(2));
  EXPECT_THAT(ids({.recipient = "bob@*", .outcome = "deferred"}), IsEmpty());
  EXPECT_THAT(ids({.recipient = "bob@*", .outcome = "delivered"}), ElementsAre(2, 1));
}

TEST_P(HistorySearch, MessageIdIsFoundAndTheRestIsAskedOfTheMessage) {
  EXPECT_THAT(ids({.message_id = "<two@example.com>"}), ElementsAre(2));
  EXPECT_THAT(ids({.message_id = "two@example.com"}), ElementsAre(2));
  EXPECT_THAT(ids({.message_id = "two@example.com", .outcome = "deferred"}), ElementsAre(2));
  EXPECT_THAT(ids({.message_id = "two@example.com", .outcome = "bounced"}), IsEmpty());
  EXPECT_THAT(ids({.message_id = "*"}), ElementsAre(2, 1));
  EXPECT_EQ(search({.message_id = "two@example.com"}).matches.at(0).event.name, "delivered");
}

TEST_P(HistorySearch, SubjectIsFoundAndTheRestIsAskedOfTheMessage) {
  EXPECT_THAT(ids({.subject = "*LETTER 2*"}), ElementsAre(2));
  EXPECT_THAT(ids({.subject = "letter *, with \xC3\xBC"}), ElementsAre(3, 2, 1));
  EXPECT_THAT(ids({.subject = "letter"}), IsEmpty());
  EXPECT_THAT(ids({.message_id = "one@*", .subject = "letter 1*"}), ElementsAre(1));
  EXPECT_THAT(ids({.message_id = "one@*", .subject = "letter 2*"}), IsEmpty());
  EXPECT_THAT(ids({.subject = "letter*", .outcome = "bounced"}), ElementsAre(3));
}

TEST_P(HistorySearch, TimeIsThatOfTheEvents) {
  const auto deferred = search({.outcome = "deferred"}).matches.at(0).event.time;
  EXPECT_THAT(ids({.until = deferred}), ElementsAre(2, 1));
  EXPECT_EQ(search({.until = deferred}).matches.at(0).event.name, "deferred");
  EXPECT_THAT(ids({.since = deferred}), ElementsAre(3, 2));
}

TEST_P(HistorySearch, LimitKeepsTheNewestAndTellsWhereToGoOn) {
  const auto found = search({.limit = 2});
  ASSERT_EQ(found.matches.size(), 2U);
  EXPECT_EQ(found.matches[0].id, id(3));
  EXPECT_EQ(found.searched_back_to, found.matches[1].event.time);
  EXPECT_FALSE(search({.limit = 4}).searched_back_to);
}

TEST_P(HistorySearch, EndsWhenItsTimeIsOver) {
  const auto found = run(history->search({}, clock.mono())).value();
  EXPECT_THAT(found.matches, IsEmpty());
  EXPECT_TRUE(found.searched_back_to);
}

INSTANTIATE_TEST_SUITE_P(With, HistorySearch, ::testing::Values(Index::none, Index::some, Index::all));

}  // namespace
}  // namespace godwit::state

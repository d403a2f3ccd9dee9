// SPDX-License-Identifier: Apache-2.0
// On a real spool in a folder of the test.
#include "tools/remover.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>

#include "tools/blocking.hpp"
#include "tools/own_spool.hpp"

namespace godwit::tools {
namespace {

class RemoveExported : public ::testing::Test {
 protected:
  RemoveExported() {
    std::string path = ::testing::TempDir() + "godwit-remover-XXXXXX";
    settings_.directory = ::mkdtemp(path.data());
    settings_.min_free = 0;
    settings_.segment_size = 1U << 20U;
  }
  ~RemoveExported() override { std::filesystem::remove_all(settings_.directory); }

  static boost::asio::awaitable<base::MessageId> put(spool::Spool& spool) {
    mail::Envelope envelope;
    for (const char* local : {"one", "two"}) {
      mail::Recipient& recipient = envelope.recipients.emplace_back();
      recipient.address = {local, "b.example"};
    }
    envelope.recipients[0].state = mail::RecipientState::delivered;
    auto incoming = spool.begin(0);
    auto written = co_await (*incoming)->write("Subject: x\r\n\r\nbody\r\n");
    auto id = co_await (*incoming)->commit(std::move(envelope));
    co_return written&& id ? *id : base::MessageId{};
  }
  base::MessageId put() {
    OwnSpool spool;
    EXPECT_TRUE(spool.open(settings_));
    const base::MessageId id = run_here(spool.context(), put(*spool));
    EXPECT_TRUE(spool.close());
    return id;
  }
  // What the spool has of it after a restart.
  std::optional<mail::Envelope> envelope_of(base::MessageId id) {
    OwnSpool spool;
    EXPECT_TRUE(spool.open(settings_));
    const auto message = run_here(spool.context(), spool->read(id));
    EXPECT_TRUE(spool.close());
    return message ? std::optional(message->envelope) : std::nullopt;
  }

  spool::Settings settings_;
};

TEST_F(RemoveExported, WhatIsAsExportedGoes) {
  const base::MessageId id = put(), other = put();
  const auto removed = remove_exported(settings_, {{id, state_of(*envelope_of(id))}});
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_EQ(removed->messages, 1U);
  EXPECT_EQ(removed->changed, 0U);
  EXPECT_FALSE(envelope_of(id));
  EXPECT_TRUE(envelope_of(other));
}

TEST_F(RemoveExported, WhatChangedSinceOrIsGoneIsLeftAlone) {
  const base::MessageId id = put();
  const mail::Envelope exported = *envelope_of(id);
  {
    OwnSpool spool;
    ASSERT_TRUE(spool.open(settings_));
    spool->update(id, mail::Update{.attempts = 7});
    ASSERT_TRUE(spool.close());
  }
  const auto removed = remove_exported(settings_, {{id, state_of(exported)}, {base::MessageId{42}, 0}});
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_EQ(removed->messages, 0U);
  EXPECT_EQ(removed->changed, 2U);
  EXPECT_EQ(envelope_of(id)->attempts, 7U);
}

TEST_F(RemoveExported, ASpoolInUseIsRefused) {
  const base::MessageId id = put();
  OwnSpool user;
  ASSERT_TRUE(user.open(settings_));
  const auto removed = remove_exported(settings_, {{id, 0}});
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().kind, base::ErrorKind::refused);
  EXPECT_TRUE(user.close());
}

}  // namespace
}  // namespace godwit::tools

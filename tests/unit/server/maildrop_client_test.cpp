// SPDX-License-Identifier: Apache-2.0
#include "server/maildrop_client.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "server/dropped_message.hpp"
#include "support/run_on.hpp"

namespace godwit::server {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;
using Verdict = smtp::RecipientResult::Verdict;
namespace fs = std::filesystem;

class MaildropClientTest : public ::testing::Test {
 protected:
  MaildropClientTest() {
    std::string name = (fs::temp_directory_path() / "maildrop.XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~MaildropClientTest() override {
    pool_.stop();
    fs::remove_all(folder_);
  }

  // A file for two recipients with this message.
  void open(const std::string& message) {
    std::ofstream(folder_ / "m", std::ios::binary)
        << mail::encode(mail::MaildropFile{.sender = smtp::Mailbox{"root", ""},
                                           .recipients = {{.address = {"alice", ""}}, {.address = {"nosuch", ""}}}})
        << message;
    const auto opened = open_dropped(disk::DropFolder(folder_.string()), "m").value();
    client_ = maildrop_client(opened.file, opened.content, "mail.x.example", pool_);
  }
  // What it says after that reply.
  std::string after(std::string_view reply) {
    client_->hear(reply);
    return say();
  }
  std::string say() {
    std::string all, piece(7, '\0');
    for (std::size_t size; (size = client_->say(piece)) > 0;) all += piece.substr(0, size);
    return all;
  }
  std::string say_body() {
    std::string all;
    do {
      auto reading = [](TransactionClient& client) -> boost::asio::awaitable<bool> {
        co_await client.read_on();
        co_return true;
      };
      testing::run_on(io_, reading(*client_));
      all += say();
    } while (!all.ends_with("\r\n.\r\n") && !client_->is_over());
    return all;
  }

  fs::path folder_;
  boost::asio::io_context io_;
  net::BoundedPool pool_{"local", 1, 4};
  std::unique_ptr<TransactionClient> client_;
};

TEST_F(MaildropClientTest, SaysTheFileAndLearnsWhatBecameOfEach) {
  const std::string line = ".dots and text\r\n";
  std::string message = "Subject: s\r\n\r\n";
  while (message.size() < 700'000) message += line;  // more than one piece
  open(message);
  EXPECT_EQ(say(), "");
  EXPECT_EQ(after("220 mail.x.example\r\n"), "EHLO mail.x.example\r\n");
  EXPECT_EQ(after("250-mail.x.example\r\n250-PIPELINING\r\n250 SIZE\r\n"),
            "MAIL FROM:<root> SIZE=" + std::to_string(message.size()) +
                "\r\nRCPT TO:<alice>\r\nRCPT TO:<nosuch>\r\nDATA\r\n");
  EXPECT_EQ(after("250 ok\r\n250 ok\r\n550 5.1.1 no\r\n354 go\r\n"), "");
  const auto body = say_body();
  EXPECT_THAT(body, StartsWith("Subject: s\r\n\r\n..dots"));
  EXPECT_THAT(body, EndsWith("..dots and text\r\n.\r\n"));
  EXPECT_EQ(body.size(), message.size() + (message.size() - 14) / line.size() + 3);
  EXPECT_EQ(after("250 queued\r\n"), "QUIT\r\n");
  client_->hear("221 bye\r\n");
  const auto results = client_->finish();
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].verdict, Verdict::delivered);
  EXPECT_EQ(results[1].verdict, Verdict::failed);
}

TEST_F(MaildropClientTest, AServerThatStopsLeavesEverybodyWaiting) {
  open("Subject: s\r\n\r\n");
  client_->hear("421 4.3.2 stopping\r\n");
  for (const auto& result : client_->finish()) EXPECT_EQ(result.verdict, Verdict::try_next);
  EXPECT_TRUE(client_->is_over());
}

TEST_F(MaildropClientTest, AFileThatIsCutWhileItIsReadIsNeverEnded) {
  open("Subject: s\r\n\r\n" + std::string(1000, 'x') + "\r\n");
  say();
  after("220 x\r\n");
  after("250 PIPELINING\r\n");
  after("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n");
  fs::resize_file(folder_ / "m", fs::file_size(folder_ / "m") - 500);
  EXPECT_EQ(say_body().find("\r\n.\r\n"), std::string::npos);
  for (const auto& result : client_->finish()) EXPECT_NE(result.verdict, Verdict::delivered);
}

TEST_F(MaildropClientTest, WhatIsAddedWhileItIsReadIsLeftOut) {
  open("Subject: s\r\n\r\nbody\r\n");
  say();
  after("220 x\r\n");
  after("250 PIPELINING\r\n");
  after("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n");
  std::ofstream(folder_ / "m", std::ios::app | std::ios::binary) << "more\r\n";
  EXPECT_EQ(say_body(), "Subject: s\r\n\r\nbody\r\n.\r\n");
}

}  // namespace
}  // namespace godwit::server

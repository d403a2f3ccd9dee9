// SPDX-License-Identifier: Apache-2.0
#include "tools/sendmail_arguments.hpp"

#include <gmock/gmock.h>

#include "godwit/smtp/dsn_parameters.hpp"

namespace godwit::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Mode = SendmailArguments::Mode;
using Errors = SendmailArguments::Errors;

SendmailArguments read(const std::vector<std::string>& words, const std::string& program = "/usr/sbin/sendmail") {
  const auto result = read_sendmail_arguments(program, words);
  EXPECT_TRUE(result) << result.error().message;
  return result.value_or(SendmailArguments{});
}

TEST(SendmailArguments, AreThoseOfCron) {
  const auto cron = read({"-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root"});
  EXPECT_EQ(cron.mode, Mode::deliver);
  EXPECT_EQ(cron.full_name, "CronDaemon");
  EXPECT_FALSE(cron.dot_ends);
  EXPECT_EQ(cron.body, smtp::BodyType::eight_bit_mime);
  EXPECT_EQ(cron.errors, Errors::mail);
  EXPECT_THAT(cron.recipients, ElementsAre("root"));
}

TEST(SendmailArguments, AreThoseOfPhpAndMutt) {
  const auto php = read({"-t", "-i", "-f", "noreply@x.example"});
  EXPECT_TRUE(php.recipients_in_header);
  EXPECT_EQ(php.sender, "noreply@x.example");
  EXPECT_THAT(php.recipients, IsEmpty());
  const auto mutt = read({"-oem", "-oi", "-fa@x.example", "-N", "never", "-R", "HDRS", "--", "b@x.example", "-c"});
  EXPECT_EQ(mutt.sender, "a@x.example");
  EXPECT_EQ(mutt.notify, smtp::notify_never);
  EXPECT_EQ(mutt.ret, smtp::return_headers);
  EXPECT_FALSE(mutt.dot_ends);
  EXPECT_THAT(mutt.recipients, ElementsAre("b@x.example", "-c"));
}

TEST(SendmailArguments, ComeInClustersAndWithTheirValuesApart) {
  const auto clustered = read({"-tif", "a@x.example", "b@x.example"});
  EXPECT_TRUE(clustered.recipients_in_header);
  EXPECT_FALSE(clustered.dot_ends);
  EXPECT_EQ(clustered.sender, "a@x.example");
  EXPECT_THAT(clustered.recipients, ElementsAre("b@x.example"));
  EXPECT_EQ(read({"-o", "eq"}).errors, Errors::quiet);
  EXPECT_EQ(read({"-em"}).errors, Errors::mail);
  EXPECT_EQ(read({"-oee"}).errors, Errors::mail_quiet);
  EXPECT_EQ(read({"-f", ""}).sender, "");
  EXPECT_EQ(read({"-r", "<>"}).sender, "<>");
}

TEST(SendmailArguments, OptionsEndAtTheFirstRecipient) {
  EXPECT_THAT(read({"root", "-f", "x"}).recipients, ElementsAre("root", "-f", "x"));
}

TEST(SendmailArguments, HarmlessOptionsOfOtherSendmailsHaveNoEffect) {
  const auto odd = read({"-odb", "-om",       "-m",          "-n",    "-v",  "-U",        "-G",
                         "-Am",  "-h",        "3",           "-L",    "tag", "-O",        "DeliveryMode=b",
                         "-X",   "/dev/null", "-C/etc/x.cf", "-d8.1", "-p",  "smtp:host", "-Z",
                         "root"});
  EXPECT_EQ(odd.mode, Mode::deliver);
  EXPECT_TRUE(odd.dot_ends);
  EXPECT_THAT(odd.recipients, ElementsAre("root"));
}

TEST(SendmailArguments, NamesAndOptionsStandForModes) {
  EXPECT_EQ(read({}, "/usr/bin/mailq").mode, Mode::list_queue);
  EXPECT_EQ(read({}, "newaliases").mode, Mode::rebuild_aliases);
  EXPECT_EQ(read({"-bp"}).mode, Mode::list_queue);
  EXPECT_EQ(read({"-bi"}).mode, Mode::rebuild_aliases);
  EXPECT_EQ(read({"-bs"}).mode, Mode::smtp);
  EXPECT_EQ(read({"-bm", "root"}).mode, Mode::deliver);
  EXPECT_EQ(read({"-q"}).mode, Mode::flush_queue);
  EXPECT_EQ(read({"-qI06ZQ3W8K1M4TR"}).queue_id, "06ZQ3W8K1M4TR");
  EXPECT_EQ(read({"-qRexample.net"}).queue_recipient, "example.net");
  EXPECT_EQ(read({"-qSalice"}).queue_sender, "alice");
  EXPECT_EQ(read({"--help"}).mode, Mode::help);
  EXPECT_EQ(read({"--version"}).mode, Mode::version);
}

TEST(SendmailArguments, WhatIsNotDoneHereIsSaid) {
  for (const char* word : {"-bd", "-bD", "-bt", "-bh", "-q30m", "-qz", "-qI"}) {
    const auto result = read_sendmail_arguments("sendmail", {word, "root"});
    ASSERT_FALSE(result) << word;
    EXPECT_EQ(result.error().kind, base::ErrorKind::unsupported) << word;
  }
  EXPECT_NE(read_sendmail_arguments("sendmail", {"-bd"}).error().message.find("godwitd"), std::string::npos);
}

TEST(SendmailArguments, WrongValuesAreRefused) {
  const std::vector<std::vector<std::string>> all = {{"-f"},
                                                     {"-F"},
                                                     {"-Nsometimes"},
                                                     {"-Rsome"},
                                                     {"-B", "BINARYMIME"},
                                                     {"-oex"},
                                                     {"-V", ""},
                                                     {"-V", "a\nb"},
                                                     {"-V", std::string(101, 'x')}};
  for (const auto& words : all) {
    const auto result = read_sendmail_arguments("sendmail", words);
    ASSERT_FALSE(result) << words.front();
    EXPECT_EQ(result.error().kind, base::ErrorKind::invalid) << words.front();
  }
  EXPECT_EQ(read({"-V", "a+2Bb"}).envid, "a+b");
  EXPECT_EQ(read({"-V", "a b"}).envid, "a b");
}

}  // namespace
}  // namespace godwit::tools

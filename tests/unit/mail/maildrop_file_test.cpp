// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/maildrop_file.hpp"

#include <gtest/gtest.h>

namespace godwit::mail {
namespace {

MaildropFile full() {
  return {.sender = smtp::Mailbox{"a b", "x.example"},
          .body = smtp::BodyType::eight_bit_mime,
          .ret = smtp::return_full,
          .envid = "Q+1 =2",
          .recipients = {
              {.address = {"root", ""}, .parameters = {.notify = smtp::notify_never, .orcpt = {}}},
              {.address = {"j\xC3\xBCrgen", "y.example"},
               .parameters = {.notify = smtp::notify_success | smtp::notify_delay, .orcpt = "rfc822;b+c@y.example"}}}};
}

TEST(MaildropFile, ReadsWhatItWrites) {
  for (const auto& file : {full(), MaildropFile{.sender = {}, .recipients = {{.address = {"root", ""}}}}}) {
    const auto head = encode(file);
    const auto read = decode_maildrop(head + "Subject: s\r\n\r\nbody\n\nfrom <x>\n");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->file, file);
    EXPECT_EQ(read->head, head.size());
  }
}

TEST(MaildropFile, IsTextThatPeopleRead) {
  EXPECT_EQ(encode(MaildropFile{.sender = smtp::Mailbox{"root", ""}, .recipients = {{.address = {"root", ""}}}}),
            "godwit-maildrop 1\nfrom <root>\nto <root>\n\n");
}

TEST(MaildropFile, RefusesWhatIsNotWhole) {
  const auto head = encode(full());
  for (std::size_t size = 0; size < head.size(); ++size) EXPECT_FALSE(decode_maildrop(head.substr(0, size))) << size;
}

TEST(MaildropFile, RefusesEveryOtherForm) {
  for (const char* text :
       {"", "\n", "garbage\n\n", "godwit-maildrop 1\n\n", "godwit-maildrop 1\nfrom <a>\n\n",
        "godwit-maildrop 1\nto <a>\n\n", "godwit-maildrop 1\nfrom <a> x\nto <a>\n\n",
        "godwit-maildrop 1\nfrom <a>\nto <>\n\n", "godwit-maildrop 1\nfrom <a>\nto <a> x\n\n",
        "godwit-maildrop 1\nfrom <a>\nto <a> notify=SOMETIMES\n\n", "godwit-maildrop 1\nfrom <a>\nto <a>\nx y\n\n",
        "godwit-maildrop 1\nfrom <a>\nto a@b\n\n", "godwit-maildrop 1\r\nfrom <a>\r\nto <a>\r\n\r\n",
        "godwit-maildrop 1\nfrom <a>\nbody binarymime\nto <a>\n\n", "godwit-maildrop 1\nfrom <a\x01>\nto <a>\n\n"})
    EXPECT_FALSE(decode_maildrop(text)) << text;
  EXPECT_EQ(decode_maildrop("godwit-maildrop 2\nfrom <a>\nto <a>\n\n").error().kind, base::ErrorKind::unsupported);
}

TEST(MaildropFile, TheNumberOfRecipientsIsBounded) {
  MaildropFile file{.recipients =
                        std::vector<MaildropRecipient>(MaildropFile::max_recipients, {.address = {"root", ""}})};
  EXPECT_TRUE(decode_maildrop(encode(file)));
  file.recipients.push_back(file.recipients.front());
  EXPECT_FALSE(decode_maildrop(encode(file)));
}

}  // namespace
}  // namespace godwit::mail

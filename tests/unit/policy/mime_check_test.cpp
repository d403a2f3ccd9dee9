// SPDX-License-Identifier: Apache-2.0
// Messages by their parts and the names of their attachments.
#include "check_fixture.hpp"
#include "policy/attachment_name.hpp"

namespace godwit::policy {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using MimeKind = Verdict::Kind;

std::string with_attachment(const std::string& name) {
  return "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
         "Content-Disposition: attachment; filename=\"" +
         name + "\"\r\n\r\nAAAA\r\n--b--\r\n";
}

class MimeCheckTest : public CheckFixture {
 protected:
  Verdict ask_about(const std::string& message) {
    const auto list = make_check_list({"mime"}, settings_, stores_);
    const auto check = list->front().make(around_);
    EXPECT_TRUE(check->wants_message());
    take(*check, message.substr(0, message.size() / 2));
    take(*check, message.substr(message.size() / 2));
    auto verdict = testing::run_awaitable(io_, check->ask(Stage::end, std::make_shared<Facts>(facts_)));
    check->end_transaction();
    // Nothing of it is left for the next message.
    EXPECT_EQ(testing::run_awaitable(io_, check->ask(Stage::end, std::make_shared<Facts>(facts_))).kind,
              MimeKind::no_opinion);
    return verdict;
  }

 private:
  static void take(Check& check, std::string bytes) {
    const auto all = [](Check& its, std::string some) -> boost::asio::awaitable<bool> {
      auto taking = its.take(std::move(some));
      co_await std::move(taking);
      co_return true;
    };
    EXPECT_TRUE(testing::run_awaitable(all(check, std::move(bytes))));
  }
};

TEST_F(MimeCheckTest, OrdinaryMailPasses) {
  const auto verdict = ask_about(with_attachment("invoice.pdf"));
  EXPECT_EQ(verdict.kind, MimeKind::no_opinion);
  EXPECT_EQ(verdict.evidence, "parts=1 depth=1");
  EXPECT_EQ(verdict.header, "");
}

TEST_F(MimeCheckTest, ProgramsAreRefusedWhateverTheirNamesAreWrittenLike) {
  for (const auto* name : {"a.exe", "A.EXE", "a.exe.", "a.exe . ", "C:\\\\x\\\\a.scr", "a.e\xE2\x80\x8Bxe",
                           "a.exe:b.txt", "=?utf-8?q?a=2Eexe?="}) {
    const auto verdict = ask_about(with_attachment(name));
    EXPECT_EQ(verdict.kind, MimeKind::reject) << name;
    EXPECT_THAT(said(verdict), StartsWith("550 5.6.0 Attachments such as \"")) << name;
  }
  EXPECT_EQ(said(ask_about(with_attachment("\xC3\xA4.exe"))),
            "550 5.6.0 Attachments such as \"??.exe\" (*.exe) are not taken");
}

TEST_F(MimeCheckTest, TheFirstRuleThatFitsCounts) {
  settings_.mime.attachments = {{.names = {"setup-*.exe"}, .action = CheckAction::none},
                                {.names = {"*.zip", "*.7z"}, .action = CheckAction::quarantine},
                                {.names = {"*.zip"}, .action = CheckAction::reject}};
  EXPECT_EQ(ask_about(with_attachment("Setup-1.exe")).kind, MimeKind::no_opinion);
  const auto verdict = ask_about(with_attachment("a.ZIP"));
  EXPECT_EQ(verdict.kind, MimeKind::quarantine);
  EXPECT_EQ(verdict.reason, "Attachments such as \"a.ZIP\" (*.zip) are not taken");
}

TEST_F(MimeCheckTest, DisguisedNamesAreHeld) {
  settings_.mime.programs = CheckAction::none;
  EXPECT_EQ(ask_about(with_attachment("invoice.pdf.exe")).reason,
            "The name of the attachment \"invoice.pdf.exe\" misleads: it has two extensions");
  EXPECT_THAT(ask_about(with_attachment("exe.\xE2\x80\xAE"
                                        "fdp"))
                  .reason,
              HasSubstr("direction"));
  EXPECT_THAT(ask_about(with_attachment("a.pdf          .exe")).reason, HasSubstr("blanks push"));
  EXPECT_EQ(disguise_of("a.tar.gz"), "");
  EXPECT_EQ(disguise_of("report.v2.pdf"), "");
}

TEST_F(MimeCheckTest, ContradictionsAreMarkedAndBombsRefused) {
  const auto marked = ask_about("Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\n");
  EXPECT_EQ(marked.kind, MimeKind::no_opinion);
  EXPECT_EQ(marked.header, "X-Godwit-Finding: The message has a part with several Content-Type (RFC 2045)\r\n");
  std::string bomb = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  for (int i = 0; i < 1001; ++i) bomb += "--b\r\n\r\n";
  EXPECT_EQ(said(ask_about(bomb + "--b--\r\n")), "550 5.6.0 The message has more than 1000 parts");
}

// The strictest decides, and a field that another asked for is there all the same.
TEST_F(MimeCheckTest, AllThatIsFoundIsEvidence) {
  settings_.mime.malformed = CheckAction::header;
  settings_.mime.disguised = CheckAction::none;
  const auto verdict =
      ask_about("Content-Type: multipart/mixed\r\nContent-Disposition: inline; filename=a.exe\r\n\r\n");
  EXPECT_EQ(verdict.kind, MimeKind::reject);
  EXPECT_THAT(verdict.evidence,
              HasSubstr("depth=0; Attachments such as \"a.exe\" (*.exe) are not taken; The message has a "
                        "multipart without a proper boundary"));
  EXPECT_THAT(verdict.header, StartsWith("X-Godwit-Finding: "));
}

}  // namespace
}  // namespace godwit::policy

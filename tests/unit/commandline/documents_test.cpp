// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <CLI/CLI.hpp>

#include "godwit/commandline/completion.hpp"
#include "godwit/commandline/manual.hpp"

namespace godwit::commandline {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Documents : public ::testing::Test {
 protected:
  Documents() {
    app.add_option("--config", word, "the file; .dots and 'quotes'")->type_name("FILE");
    app.add_flag("--json", flag, "for programs");
    app.add_option("--secret", word, "for the build")->group("");
    queue = app.add_subcommand("queue", "what waits");
    auto* list = queue->add_subcommand("list", "one line a message");
    list->add_option("--limit", number, "at most so many")->check(CLI::PositiveNumber);
    list->footer("PATTERN: a \\ is no wildcard.");
    queue->add_subcommand("show", "it's all")->add_option("ID", word, "which")->required();
  }

  std::string word;
  bool flag = false;
  int number = 0;
  CLI::App app{"Asks the daemon.", "tool"};
  CLI::App* queue = nullptr;
};

TEST_F(Documents, ThePageHasEveryCommandAndOption) {
  const auto page =
      manual_page({.name = "tool", .section = 1, .summary = "ask", .more = {{"SEE ALSO", "other(1)"}}}, app);
  EXPECT_THAT(page, HasSubstr(".TH TOOL 1 "));
  EXPECT_THAT(page, HasSubstr("tool \\- ask\n"));
  EXPECT_THAT(page, HasSubstr("\\fB\\-\\-config\\fR \\fIFILE\\fR\nthe file; .dots and 'quotes'"));
  EXPECT_THAT(page, HasSubstr(".SS \\fBtool queue list\\fR\none line a message"));
  EXPECT_THAT(page, HasSubstr("\\fB\\-\\-limit\\fR \\fIINT\\fR"));
  EXPECT_THAT(page, HasSubstr(".SS \\fBtool queue show\\fR \\fIID\\fR"));
  EXPECT_THAT(page, HasSubstr("a \\e is no wildcard"));
  EXPECT_THAT(page, HasSubstr(".SH SEE ALSO\nother(1)"));
  EXPECT_THAT(page, Not(HasSubstr("secret")));
}

TEST_F(Documents, ALineThatWouldBeACommandIsText) {
  const auto page = manual_page({.name = "x", .summary = "y"}, "x [FILE]\nText.\n.TH is text\n  -a  option\n'quote\n");
  EXPECT_THAT(page, HasSubstr(".SH SYNOPSIS\nx [FILE]\n"));
  EXPECT_THAT(page, HasSubstr("\n\\&.TH is text\n.nf\n  \\-a  option\n.fi\n\\&'quote\n"));
}

TEST_F(Documents, EntriesBecomeTaggedParagraphs) {
  const auto page =
      manual_page({.name = "x.yaml", .section = 5, .summary = "y"}, "All.", {{"a.b", "meaning\n(number)"}});
  EXPECT_THAT(page, HasSubstr(".TP\n\\fBa.b\\fR\nmeaning\n(number)\n"));
}

TEST_F(Documents, CompletionKnowsWhatFollows) {
  const auto script = bash_completion(app);
  EXPECT_THAT(script, HasSubstr("'queue list') words='-h --help --config --json --limit'"));
  EXPECT_THAT(script, HasSubstr("'queue') words='list show -h --help"));
  EXPECT_THAT(script, HasSubstr("--config) mapfile"));
  EXPECT_THAT(script, HasSubstr("--limit) COMPREPLY=()"));
  EXPECT_THAT(script, Not(HasSubstr("secret")));
}

TEST_F(Documents, FishIsToldWhatEachWordMeans) {
  const auto script = fish_completion(app);
  EXPECT_THAT(script, HasSubstr("complete -c tool -n '__fish_use_subcommand' -a queue -d 'what waits'"));
  EXPECT_THAT(script, HasSubstr("-a show -d 'it'\\''s all'"));
  EXPECT_THAT(script, HasSubstr("-l config -r -F "));
}

TEST_F(Documents, ZshIsToldWhatFollowsAndWhatItMeans) {
  const auto script = zsh_completion(app);
  EXPECT_THAT(script, StartsWith("#compdef tool\n"));
  EXPECT_THAT(script, HasSubstr("('queue')\n      commands=('list:one line a message' 'show:it'\\''s all')\n"));
  EXPECT_THAT(script, HasSubstr("('queue list')\n      commands=()\n      options=('-h:"));
  EXPECT_THAT(script, HasSubstr("'--json:for programs' '--limit:at most so many')"));
  EXPECT_THAT(script, HasSubstr("(--config) _files"));
  EXPECT_THAT(script, HasSubstr("(--limit) _message"));
  EXPECT_THAT(script, Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace godwit::commandline

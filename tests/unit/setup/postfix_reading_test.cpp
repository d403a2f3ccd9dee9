// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "godwit/base/text.hpp"
#include "setup/postfix_catalog.hpp"
#include "setup/postfix_context.hpp"
#include "setup/postfix_dns_lists.hpp"
#include "setup/postfix_parameters.hpp"
#include "setup/postfix_services.hpp"
#include "setup/postfix_sources.hpp"
#include "setup/postfix_syntax.hpp"
#include "setup/postfix_tables.hpp"

namespace godwit::setup::postfix {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST(PostfixLines, BlanksContinueALineAndCommentsDoNotEndIt) {
  const auto lines = logical_lines("a = 1,\n  # a comment\n\n\t2\n# b = 3\nc =\r\n");
  ASSERT_THAT(lines.lines, SizeIs(2));
  EXPECT_EQ(lines.lines[0].text, "a = 1, 2");
  EXPECT_EQ(lines.lines[1].text, "c =");
  EXPECT_EQ(lines.lines[1].number, 6);
}

TEST(PostfixLines, ALineOfTenMegabytesIsCutAndSaid) {
  std::string text = "a = ";
  for (int i = 0; i < 10; ++i) text.append(1 << 20, 'x').append("\n ");
  const auto lines = logical_lines(text);
  ASSERT_THAT(lines.lines, SizeIs(1));
  EXPECT_LE(lines.lines[0].text.size(), longest_line);
  EXPECT_THAT(lines.cut, ElementsAre(1));
}

TEST(PostfixLines, WordsArePartedByBlanksAndCommasButNotInBraces) {
  EXPECT_THAT(words_of(" a, b\tc ,, { d, e } f={g h}"), ElementsAre("a", "b", "c", "{ d, e }", "f={g h}"));
  EXPECT_THAT(words_of("{ unclosed, a"), ElementsAre("{ unclosed, a"));
  EXPECT_THAT(words_of(""), IsEmpty());
}

// A value as main.cf would have it.
class PostfixViewTest : public ::testing::Test {
 protected:
  std::string value(const std::string& main, const std::string& name) {
    settings = parse_settings(main, "main.cf", faults);
    return View(settings, over, faults).get(name);
  }
  Settings settings, over;
  std::vector<Fault> faults;
};

TEST_F(PostfixViewTest, VariablesAreExpanded) {
  const std::string main = "a = x\nb = $a.y ${a}$(a) $$\nempty =\n";
  EXPECT_EQ(value(main, "b"), "x.y xx $");
  EXPECT_EQ(value(main + "c = ${a?set} ${empty?no} ${empty:unset} ${a:no}\n", "c"), "set  unset ");
  EXPECT_EQ(value(main + "c = ${a?{p $a}:{q}}${empty?{p}:{q}}\n", "c"), "p xq");
  EXPECT_EQ(value(main + "c = ${{$a} == {x} ? {same} : {other}}\n", "c"), "same");
  EXPECT_EQ(value(main + "c = ${{10} < {9} ? {less} : {more}}\n", "c"), "more");
  EXPECT_EQ(value("compatibility_level = 3.6\nc = ${{$compatibility_level} <level {3.10} ? {old} : {new}}", "c"),
            "old");
  EXPECT_THAT(faults, IsEmpty());
}

TEST_F(PostfixViewTest, DefaultsAreThoseOfPostfix) {
  EXPECT_EQ(value("myhostname = mail.example.com\nmydomain = example.com", "mydestination"),
            "mail.example.com, localhost.example.com, localhost");
  EXPECT_EQ(value("", "smtp_destination_concurrency_limit"), "20");
  EXPECT_EQ(value("default_destination_concurrency_limit = 7", "smtp_destination_concurrency_limit"), "7");
  EXPECT_EQ(value("", "mynetworks_style"), "subnet");
  EXPECT_EQ(value("compatibility_level = 2", "mynetworks_style"), "host");
}

TEST_F(PostfixViewTest, OptionsOfAServiceCountBeforeMainCf) {
  over["a"] = {.value = "$b!", .place = "master.cf:3"};
  EXPECT_EQ(value("a = 1\nb = 2", "a"), "2!");
}

TEST_F(PostfixViewTest, BadVariablesAreNamedAndEmpty) {
  for (const auto* text : {"${a", "$(a", "${", "${a?{b}", "${{a} == {b", "${{a} ~ {b} ? {c}}", "${?b}", "${a!b}"}) {
    faults.clear();
    EXPECT_EQ(value(std::string("a = 1\nx = ") + text, "x"), "") << text;
    EXPECT_THAT(faults, Contains(Field(&Fault::what, "x"))) << text;
  }
}

TEST_F(PostfixViewTest, LoopsOfVariablesEnd) {
  EXPECT_EQ(value("a = $b\nb = $a", "a"), "");
  ASSERT_THAT(faults, SizeIs(1));
  EXPECT_THAT(faults[0].why, HasSubstr("circle"));
}

TEST_F(PostfixViewTest, WhatDoublesItselfIsBounded) {
  std::string main = "a0 = xxxxxxxxxxxxxxxx\n";
  for (int i = 1; i < 19; ++i) main += fmt::format("a{0} = $a{1}$a{1}$a{1}$a{1}\n", i, i - 1);
  EXPECT_EQ(value(main, "a18"), "");
  EXPECT_THAT(faults, SizeIs(1));
}

TEST_F(PostfixViewTest, LinesThatAreNoSettingsAreNamed) {
  value("a = 1\nnonsense\na = 2\n", "a");
  EXPECT_THAT(faults, ElementsAre(Field(&Fault::place, "main.cf:2"), Field(&Fault::place, "main.cf:1")));
}

TEST(PostfixTime, HasUnits) {
  EXPECT_EQ(parse_time("5d", 's'), 432000U);
  EXPECT_EQ(parse_time("4000", 's'), 4000U);
  EXPECT_EQ(parse_time("2", 'h'), 7200U);
  EXPECT_EQ(parse_time("0h", 'd'), 0U);
  for (const auto* text : {"", "d", "5x", "-1s", "99999999999999999999d"}) EXPECT_FALSE(parse_time(text, 's')) << text;
}

TEST(PostfixServices, OptionsAreRead) {
  std::vector<Fault> faults;
  const auto services = parse_services(
      "smtp inet n - y - - smtpd\n"
      "submission inet n - y - - smtpd\n  -o syslog_name=postfix/submission\n  -o { smtpd_client_restrictions = a, b "
      "}\n  -oinet_protocols=ipv4 -v\n"
      "dovecot unix - n n - - pipe\n  flags=DRhu user=vmail argv=/usr/lib/dovecot/deliver -f ${sender}\n"
      "short line\n",
      "master.cf", faults);
  ASSERT_THAT(services, SizeIs(3));
  EXPECT_EQ(services[1].options.at("smtpd_client_restrictions").value, "a, b");
  EXPECT_EQ(services[1].options.at("inet_protocols").value, "ipv4");
  EXPECT_EQ(services[1].place, "master.cf:2");
  EXPECT_EQ(services[2].command, "pipe");
  EXPECT_THAT(faults, ElementsAre(Field(&Fault::place, "master.cf:8")));
}

class PostfixTablesTest : public ::testing::Test {
 protected:
  std::vector<Entry> entries(const std::string& map, Syntax syntax = Syntax::postfix) {
    return tables.entries(parse_map_name(map, "hash"), "virtual_alias_maps", "main.cf:1", syntax)
        .value_or(std::vector<Entry>());
  }
  std::map<std::string, std::string> files;
  std::vector<Fault> faults;
  ReadPostfixFile read = [this](const std::string& path) -> base::Result<std::string> {
    const auto found = files.find(path);
    if (found == files.end()) return base::fail_os(path, ENOENT);
    return found->second;
  };
  Tables tables{read, faults};
};

MATCHER_P2(IsEntry, key, value, "") {
  return arg.key == key && arg.value == value;
}

TEST_F(PostfixTablesTest, TextIsReadNotWhatWasMadeOfIt) {
  files["/etc/postfix/virtual"] =
      "# comment\nalice@example.com  a@b.example,\n  c@d.example\n\"odd key\"@example.com x\nexample.com anything\n";
  EXPECT_THAT(entries("proxy:hash:/etc/postfix/virtual"),
              ElementsAre(IsEntry("alice@example.com", "a@b.example, c@d.example"), IsEntry("odd key@example.com", "x"),
                          IsEntry("example.com", "anything")));
  EXPECT_EQ(entries("lmdb:/etc/postfix/virtual")[2].place, "virtual:5");
  EXPECT_THAT(entries("/etc/postfix/virtual"), SizeIs(3));
}

TEST_F(PostfixTablesTest, AliasesHaveColons) {
  files["/etc/aliases"] = "root: alice\n\"two words\": bob\npostmaster:root\nlist: :include:/etc/list\n";
  EXPECT_THAT(entries("hash:/etc/aliases", Syntax::aliases),
              ElementsAre(IsEntry("root", "alice"), IsEntry("two words", "bob"), IsEntry("postmaster", "root"),
                          IsEntry("list", ":include:/etc/list")));
}

TEST_F(PostfixTablesTest, SmallTablesStandInTheSetting) {
  EXPECT_THAT(entries("inline:{a=x, { b = y z }}"), ElementsAre(IsEntry("a", "x"), IsEntry("b", "y z")));
  EXPECT_THAT(entries("static:anyone"), ElementsAre(IsEntry("*", "anyone")));
}

TEST_F(PostfixTablesTest, PatternsKeepTheirBlanks) {
  files["/p"] = "/^Subject: a b\\/c/i REJECT no\n!/x/ OK\n";
  EXPECT_THAT(entries("pcre:/p"), ElementsAre(IsEntry("/^Subject: a b\\/c/i", "REJECT no"), IsEntry("!/x/", "OK")));
}

TEST_F(PostfixTablesTest, WhatCannotBeReadIsNamedOnce) {
  files["/nul"] = std::string("a\0b", 3);
  entries("hash:/missing");
  entries("hash:/missing");
  entries("hash:/nul");
  EXPECT_THAT(faults, ElementsAre(Field(&Fault::why, HasSubstr("/missing: No such file")),
                                  Field(&Fault::why, HasSubstr("no text"))));
  faults.clear();
  files["/huge"] = std::string((64U << 20U) + 1, '\n');
  entries("hash:/huge");
  EXPECT_THAT(faults, ElementsAre(Field(&Fault::why, HasSubstr("64 MiB"))));
}

TEST(PostfixPattern, WhatSaysNoMoreThanStarsBecomesWords) {
  EXPECT_EQ(pattern_as_words("/^(.*)@old\\.example$/"), "*@old.example");
  EXPECT_EQ(pattern_as_words("/^X-Mailer:/i"), "X-Mailer:*");
  EXPECT_EQ(pattern_as_words("/^Received:.*\\[10\\./"), "Received:*[10.*");
  EXPECT_EQ(pattern_as_words("/viagra/"), "*viagra*");
  for (const auto* odd : {"/^a.b$/", "/a|b/", "/^[abc]$/", "/a+/", "/\\d/", "//", "x", "/^(a)$/"})
    EXPECT_FALSE(pattern_as_words(odd)) << odd;
}

TEST(PostfixNextHop, IsWrittenAsGodwitDoes) {
  EXPECT_EQ(read_next_hop("[smtp.example.com]:submission", false)->hop, "[smtp.example.com]:587");
  EXPECT_EQ(read_next_hop("[smtp.example.com]:submission", false)->written, "[smtp.example.com]:submission");
  EXPECT_EQ(read_next_hop("example.com", false)->hop, "example.com");
  EXPECT_EQ(read_next_hop("192.0.2.1:2525", false)->hop, "[192.0.2.1]:2525");
  EXPECT_EQ(read_next_hop("[ipv6:2001:db8::1]", false)->hop, "[2001:db8::1]");
  EXPECT_EQ(read_next_hop("smtp:[10.0.0.7]", true)->hop, "[10.0.0.7]");
  EXPECT_EQ(read_next_hop(":[10.0.0.7]:26", true)->transport, "");
  EXPECT_EQ(read_next_hop("smtp:", true)->hop, "");
  for (const auto* odd : {"[a", "[a]x", "[a b]", "a:0", "a:port", "a b"})
    EXPECT_FALSE(read_next_hop(odd, false)) << odd;
}

SourceTable table_of(const std::string& type, const std::string& text) {
  std::vector<Fault> faults;
  return translate_source(type, "people", parse_settings(text, "x.cf", faults), "/etc/godwit");
}

TEST(PostfixSource, PostgresqlKeepsItsPasswordApart) {
  const auto table = table_of("pgsql",
                              "hosts = db.example.com:5433\nuser = mail\npassword = s3:cret\ndbname = mail\n"
                              "query = SELECT 1 FROM mailbox WHERE username='%s' AND domain = '%d'");
  EXPECT_THAT(table.fields, HasSubstr("query: \"SELECT 1 FROM mailbox WHERE username={key} AND domain = {domain}\""));
  EXPECT_THAT(
      table.fields,
      HasSubstr("host='db.example.com' port=5433 dbname='mail' user='mail' passfile='/etc/godwit/people.pass'"));
  EXPECT_THAT(table.fields, Not(HasSubstr("cret")));
  ASSERT_THAT(table.secrets, SizeIs(1));
  EXPECT_EQ(table.secrets[0].text, "*:*:*:mail:s3\\:cret\n");
  EXPECT_TRUE(table.secrets[0].is_secret);
}

TEST(PostfixSource, OldFormsOfQueriesAreUnderstood) {
  EXPECT_THAT(table_of("sqlite",
                       "dbpath = /m.sqlite\ntable = alias\nselect_field = goto\nwhere_field = "
                       "address\nadditional_conditions = AND active")
                  .fields,
              HasSubstr("query: \"SELECT goto FROM alias WHERE address = {key} AND active\""));
}

TEST(PostfixSource, MySqlIsShownAsItWouldBe) {
  const auto table =
      table_of("mysql", "hosts = localhost\nuser = m\npassword = p\nquery = SELECT 1 FROM d WHERE name='%s'");
  EXPECT_FALSE(table.can_be_used);
  EXPECT_THAT(table.fields, HasSubstr("type: sqlite"));
  EXPECT_THAT(table.secrets, IsEmpty());
}

TEST(PostfixSource, Ldap) {
  const auto table = table_of(
      "ldap",
      "server_host = ldaps://a.example ldaps://b.example\nsearch_base = dc=example,dc=com\nquery_filter = (mail=%s)\n"
      "result_attribute = uid\nbind_dn = cn=x\nbind_pw = secret\nresult_format = %s@x");
  EXPECT_THAT(table.fields, HasSubstr("url: \"ldaps://a.example\""));
  EXPECT_THAT(table.fields, HasSubstr("filter: \"(mail={key})\""));
  EXPECT_THAT(table.fields, HasSubstr("bind_password_file: /etc/godwit/people.pass"));
  EXPECT_THAT(table.remarks, SizeIs(2));
}

TEST(PostfixSource, QueriesThatPutParametersTogetherAreRefused) {
  for (const auto* query : {"SELECT 1 WHERE a='%u@%d'", "SELECT 1 WHERE a = '%1'", "SELECT 1 WHERE a LIKE '%%s%'"})
    EXPECT_EQ(table_of("sqlite", std::string("dbpath = /m\nquery = ") + query).fields, "") << query;
  EXPECT_EQ(table_of("sqlite", "dbpath = /m").fields, "");
}

TEST(PostfixDnsLists, WeightsAndFiltersBecomeScoresAndAnswers) {
  DnsLists lists;
  EXPECT_FALSE(lists.add_weighted("zen.spamhaus.org=127.0.0.[2..11]*3"));
  EXPECT_FALSE(lists.add_weighted("list.dnswl.org=127.0.[0..255].[1;3]*-2"));
  EXPECT_TRUE(lists.add_weighted("zen.spamhaus.org*x"));
  EXPECT_TRUE(lists.add_weighted("a b"));
  EXPECT_TRUE(lists.add("reject_rbl_client", "zen.spamhaus.org=127.0.0.[9..2]"));
  EXPECT_TRUE(lists.add("reject_rhsbl_recipient", "x.example"));
  EXPECT_FALSE(lists.add("reject_rhsbl_sender", "dbl.spamhaus.org"));
  lists.set_threshold(3);
  EXPECT_THAT(lists.lines(),
              ElementsAre("dns_lists:", "  reject: 3",
                          "  lists:", "    - {zone: zen.spamhaus.org, score: 3, answers: \"127.0.0.2-11\"}",
                          "    - {zone: list.dnswl.org, score: -2, answers: [\"127.0.0-255.1\", \"127.0.0-255.3\"]}",
                          "    - {zone: dbl.spamhaus.org, score: 3, of: [sender]}"));
}

TEST(PostfixCatalog, EverySettingIsThereOnceAndHasWords) {
  std::set<std::string_view> names;
  for (const auto& row : known_settings()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.words.empty()) << row.name;
  }
  EXPECT_EQ(find_setting("smtpd_tls_dh1024_param_file")->fate, Fate::same);
  EXPECT_EQ(find_setting("smtpd_tls_cert_file")->fate, Fate::translated);
  EXPECT_EQ(find_setting("nonsense"), nullptr);
}

}  // namespace
}  // namespace godwit::setup::postfix

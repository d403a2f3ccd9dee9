// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/mime_reader.hpp"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "godwit/mail/encoded_text.hpp"

namespace godwit::mail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Lines of a test end with LF.
std::string as_canonical(std::string_view text) {
  std::string result;
  for (const char c : text) result += c == '\n' ? "\r\n" : std::string(1, c);
  return result;
}

struct ReadMime {
  MimeStructure structure;
  std::vector<std::string> names;
};

ReadMime read_mime(std::string_view text) {
  ReadMime result;
  MimeReader reader([&](std::string_view name) { result.names.emplace_back(name); });
  reader.put(as_canonical(text));
  reader.finish();
  result.structure = reader.structure();
  return result;
}

std::vector<std::string> faults_of(std::string_view text) {
  std::vector<std::string> words;
  const auto structure = read_mime(text).structure;
  for (std::size_t i = 0; i < mime_faults; ++i)
    if (structure.faults.test(i)) words.emplace_back(to_string(static_cast<MimeFault>(i)));
  return words;
}

std::vector<std::string> names_in(std::string_view fields) {
  return read_mime(std::string(fields) + "\n\n").names;
}

constexpr std::string_view nested_parts =
    "MIME-Version: 1.0\n"
    "Content-Type: multipart/mixed;\n"
    "\tboundary=\"outer\"\n"
    "\n"
    "--not a part\n"
    "--outer\n"
    "Content-Type: multipart/alternative; boundary=inner\n"
    "\n"
    "--inner\n"
    "\n"
    "text\n"
    "--inner\n"
    "Content-Type: text/html\n"
    "\n"
    "<p>text\n"
    "--inner--\n"
    "\n"
    "--outer\n"
    "Content-Type: message/rfc822\n"
    "\n"
    "Subject: what is enclosed\n"
    "Content-Disposition: attachment; filename=enclosed.txt\n"
    "\n"
    "text\n"
    "--outer--\n"
    "epilogue\n";

TEST(MimeReader, PartsAndTheirDepthAreCounted) {
  const auto read = read_mime(nested_parts);
  EXPECT_EQ(read.structure.depth, 2U);
  EXPECT_EQ(read.structure.parts, 5U);  // two of the outer, two of the inner, and the enclosed message
  EXPECT_THAT(read.names, ElementsAre("enclosed.txt"));
  EXPECT_THAT(faults_of(nested_parts), IsEmpty());
  EXPECT_EQ(read_mime("Subject: a\n\n--outer\n").structure, MimeStructure());
  EXPECT_EQ(read_mime("").structure, MimeStructure());
}

TEST(MimeReader, NamesAreReadInEveryForm) {
  EXPECT_THAT(names_in("Content-Disposition: attachment; filename=\"a \\\"b\\\".exe\""), ElementsAre("a \"b\".exe"));
  EXPECT_THAT(names_in("content-type: application/x; NAME=a.exe"), ElementsAre("a.exe"));
  EXPECT_THAT(names_in("Content-Disposition: attachment (x;y); filename*=UTF-8'de'%C3%A4.exe"), ElementsAre("ä.exe"));
  EXPECT_THAT(names_in("Content-Disposition: attachment; filename*=iso-8859-1''%E4.exe"), ElementsAre("ä.exe"));
  EXPECT_THAT(names_in("Content-Disposition: attachment;\n filename*1=\".e\"; filename*0*=''%61;\n filename*2*=%78e"),
              ElementsAre("a.exe"));
  EXPECT_THAT(names_in("Content-Type: x/y; name=\"=?utf-8?q?a=2Ee?=\n =?UTF-8?B?eGU?=\""), ElementsAre("a.exe"));
}

TEST(MimeReader, NamesThatReadersTakeDifferentlyAreAllTold) {
  EXPECT_THAT(names_in("Content-Disposition: attachment; filename=my file.exe"), ElementsAre("my", "my file.exe"));
  EXPECT_THAT(names_in("Content-Disposition: attachment; filename=\"a.txt\".exe; size=1"),
              ElementsAre("a.txt", "a.txt.exe"));
  EXPECT_THAT(names_in("Content-Disposition: attachment; filename=a.txt; filename=a.exe"),
              ElementsAre("a.txt", "a.exe"));
  EXPECT_THAT(names_in("Content-Disposition: attachment; filename*0=a.exe; filename*2=.txt"),
              ElementsAre("a.exe.txt", "a.exe"));
}

TEST(MimeReader, FaultsHaveWords) {
  const std::string part = "\n--b\n\n--b--\n";
  const std::string multipart = "Content-Type: multipart/mixed; boundary=";
  struct Case {
    std::string text;
    MimeFault fault;
  };
  const std::vector<Case> cases = {
      {"Content-Type: multipart/mixed\n\ntext\n", MimeFault::bad_boundary},
      {multipart + "\"b \"\n\n--b \n\n--b --\n", MimeFault::bad_boundary},
      {multipart + "b\n\n--bx\n\n--b--\n", MimeFault::ambiguous_boundary},
      {multipart + "b\n\n--b\n" + multipart + "b1\n\n--b1\n\n--b1--\n--b--\n", MimeFault::ambiguous_boundary},
      {multipart + "b\n\ntext\n", MimeFault::missing_parts},
      {multipart + "b\n\n--b\n\ntext\n", MimeFault::missing_end},
      {multipart + "b\n\n--b\n\n--b--\n--b\n\n", MimeFault::parts_behind_end},
      {"Content-Type: text/plain\n" + multipart + "b\n" + part, MimeFault::several_types},
      {multipart + "b; charset=a; charset=b\n" + part, MimeFault::several_types},
      {"Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n\n", MimeFault::several_encodings},
      {"Content-Disposition: inline\nContent-Disposition: attachment\n\n", MimeFault::several_dispositions},
      {"Content-Transfer-Encoding: Base64\n" + multipart + "b\n" + part, MimeFault::encoded_container},
      {multipart + "b\n\n--b\nContent-Type: text/plain\nno field\n\n--b--\n", MimeFault::no_field},
      {"Subject: a\n \nTo: b@c.example\n\n", MimeFault::no_field},
      {"Content-Type : text/plain\n\n", MimeFault::blank_in_name},
      {"Content-Type: text/plain; a=" + std::string(MimeReader::longest_field, 'a') + "\n\n", MimeFault::unread},
  };
  for (const auto& one : cases)
    EXPECT_THAT(faults_of(one.text), ElementsAre(std::string(to_string(one.fault)))) << one.text.substr(0, 200);
}

TEST(MimeReader, WhatOtherReadersWouldSeeIsSeen) {
  // The second type is the multipart; the parts stand behind the end; the delimiter has more behind it.
  EXPECT_THAT(read_mime("Content-Type: text/plain\nContent-Type: multipart/mixed; boundary=b\n\n"
                        "--b\nContent-Type: x/y; name=a.exe\n\n")
                  .names,
              ElementsAre("a.exe"));
  EXPECT_THAT(
      read_mime("Content-Type: multipart/mixed; boundary=b\n\n--b--\n--b\nContent-Type: x/y; name=a.exe\n\n").names,
      ElementsAre("a.exe"));
  EXPECT_THAT(read_mime("Content-Type: multipart/mixed; boundary=b\n\n--b x\nContent-Type: x/y; name=a.exe\n\n").names,
              ElementsAre("a.exe"));
}

TEST(MimeReader, TheFaultsOfAQuotedMessageAreNotOurs) {
  EXPECT_THAT(faults_of("Content-Type: multipart/report; boundary=r\n\n--r\nContent-Type: message/rfc822\n\n"
                        "no field\nContent-Type: multipart/mixed\n\n--q\ncut off\n--r--\n"),
              IsEmpty());
}

TEST(MimeReader, DepthHasABound) {
  std::string text = "Content-Type: multipart/mixed; boundary=x0x\n\n";
  for (int i = 0; i < 1000; ++i)
    text +=
        "--x" + std::to_string(i) + "x\nContent-Type: multipart/mixed; boundary=x" + std::to_string(i + 1) + "x\n\n";
  const auto structure = read_mime(text).structure;
  EXPECT_TRUE(structure.too_deep);
  EXPECT_EQ(structure.depth, MimeReader::most_depth + 1);
}

TEST(MimeReader, WhatIsNotLookedAtIsSaid) {
  std::string many = "Content-Disposition: attachment";
  for (int i = 0; i < 200; ++i) many += "; filename=" + std::to_string(i);
  EXPECT_TRUE(read_mime(many + "\n\n").structure.has(MimeFault::unread));
  std::string fields;
  for (int i = 0; i < 20'001; ++i) fields += "Content-Type: x/y; name=" + std::to_string(i) + "\n";
  const auto read = read_mime(fields + "\n");
  EXPECT_TRUE(read.structure.has(MimeFault::unread));
  EXPECT_EQ(read.names.size(), MimeReader::most_names);
}

// Would take minutes, or gigabytes, if a line were held or looked at from its beginning with each piece.
TEST(MimeReader, BombsCostLittle) {
  const auto began = std::chrono::steady_clock::now();
  MimeReader reader;
  reader.put("Subject: ");
  for (int i = 0; i < 160; ++i) reader.put(std::string(64U << 10U, 'a'));  // 10 MiB in one line
  reader.put("\r\nContent-Type: multipart/mixed; boundary=b;");
  for (int i = 0; i < 160; ++i) reader.put(std::string(64U << 10U, ';'));
  reader.put("\r\n\r\n");
  std::string parts;
  for (int i = 0; i < 10'000; ++i) parts += "--b\r\n\r\n";
  for (int i = 0; i < 100; ++i) reader.put(parts);
  reader.finish();
  EXPECT_EQ(reader.structure().parts, 1'000'000U);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));
}

TEST(EncodedText, WordsAreDecodedAsReadersDo) {
  EXPECT_EQ(decode_words("=?utf-8?Q?Gr=C3=BC=C3=9Fe?= an =?iso-8859-1?q?alle_=E4?="), "Grüße an alle ä");
  EXPECT_EQ(decode_words("=?utf-8*en?B?YQ==?= \t =?utf-8?b?Yg?="), "ab");
  EXPECT_EQ(decode_words("=?utf-8?x?a?= =?utf-8?B?*a?= =?no end"), "=?utf-8?x?a?= =?utf-8?B?*a?= =?no end");
  EXPECT_EQ(decode_words("a\xFF"), "a\xEF\xBF\xBD");
  EXPECT_EQ(decode_charset("UTF-16", std::string("a\0b\0", 4)), "ab");
}

// Of a stranger's making: looked through anew for each word, they take minutes.
TEST(EncodedText, WordsThatAreNoneAreNotLookedThroughAgain) {
  for (const std::string_view word : {"=?a?x?b", "=?a?b?**", "=?a?b?**=?", "=?", "=?a?"}) {
    std::string text;
    while (text.size() < 4'000'000) text += word;
    EXPECT_EQ(decode_words(text), text);
    text += "?";  // with the next: an end behind them all
    EXPECT_EQ(decode_words(text + "= =?utf-8?q?c=3Dd?="), text + "= c=d") << word;
  }
  EXPECT_EQ(decode_words("=?a?q?x=?a?q?y?= z?="), "x=?a?q?y z?=");
  EXPECT_EQ(decode_words("=?utf-8?b?YQ?==?utf-8?q?\?=="), "a=");
}

}  // namespace
}  // namespace godwit::mail

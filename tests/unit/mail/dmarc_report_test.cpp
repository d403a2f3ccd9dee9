// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/dmarc_report.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include <gmock/gmock.h>

#include "godwit/base/encoding.hpp"
#include "godwit/mail/compression.hpp"
#include "mail/xml_reader.hpp"

namespace godwit::mail {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr base::WallTime dmarc_day{std::chrono::seconds(1704067200)};

DmarcReportHead example_head() {
  return {.organization = "Example & \"Mail\" <x>",
          .contact = "postmaster@example.com",
          .id = "1704067200.7@mail.example.com",
          .domain = "example.net",
          .begin = dmarc_day,
          .end = dmarc_day + std::chrono::hours(24) - std::chrono::seconds(1)};
}

DmarcReport::Policy example_policy() {
  return {.domain = "example.net",
          .discovery = "treewalk",
          .p = "reject",
          .sp = "none",
          .np = "reject",
          .strict_dkim = true,
          .strict_spf = false,
          .testing = true};
}

DmarcReport::Row failed_row() {
  return {.source = "2001:db8::1:2",
          .count = 3,
          .disposition = "none",
          .dkim = false,
          .spf = false,
          .reason = "local_policy",
          .comment = "not <applied> & \x01 \xFF here",
          .header_from = "sub.example.net",
          .envelope_from = "",
          .signatures = {{.domain = "a.example", .selector = "s1", .result = "pass"},
                         {.domain = "b.example", .selector = "s2", .result = "permerror"}},
          .spf_domain = "mail.a.example",
          .spf_result = "softfail"};
}

DmarcReport::Row passed_row() {
  return {.source = "192.0.2.1",
          .count = 5,
          .disposition = "pass",
          .dkim = true,
          .spf = true,
          .header_from = "example.net",
          .envelope_from = "example.net",
          .spf_domain = "example.net",
          .spf_result = "pass"};
}

std::string xml_of(const std::vector<DmarcReport::Row>& rows) {
  std::vector<CountedRow> counted;
  for (const auto& row : rows)
    counted.push_back({.source = row.source, .rest = dmarc_row_xml(row), .count = row.count});
  return dmarc_report_xml(example_head(), dmarc_policy_xml(example_policy()), counted);
}

// By xmllint, where it is installed.
std::optional<bool> is_valid(const std::string& xml) {
  if (std::system("command -v xmllint >/dev/null") != 0) return {};
  const auto path = std::filesystem::temp_directory_path() / ("dmarc_report." + std::to_string(::getpid()) + ".xml");
  std::ofstream(path) << xml;
  const auto command = "xmllint --noout --schema " GODWIT_SUPPORT "/dmarc/rfc9990.xsd " + path.string() + " 2>&1";
  const int status = std::system(command.c_str());
  std::filesystem::remove(path);
  return status == 0;
}

TEST(DmarcReportXml, FitsTheSchemaOfTheRfc) {
  const auto valid = is_valid(xml_of({failed_row(), passed_row()}));
  ASSERT_TRUE(valid) << "there is no xmllint: scripts/install-packages test";
  EXPECT_TRUE(*valid);
  EXPECT_FALSE(is_valid(xml_of({})).value()) << "a report without rows is none";
  auto odd = failed_row();
  odd.reason = "whatever";
  EXPECT_FALSE(is_valid(xml_of({odd})).value()) << "the schema is looked at";
}

TEST(DmarcReportXml, IsReadBack) {
  const auto report = parse_dmarc_report(xml_of({failed_row(), passed_row()})).value();
  EXPECT_EQ(report.organization, "Example & \"Mail\" <x>");
  EXPECT_EQ(report.contact, "postmaster@example.com");
  EXPECT_EQ(report.id, "1704067200.7@mail.example.com");
  EXPECT_EQ(report.begin, example_head().begin);
  EXPECT_EQ(report.end, example_head().end);
  EXPECT_EQ(report.policy.domain, "example.net");
  EXPECT_EQ(report.policy.p + report.policy.sp + report.policy.np, "rejectnonereject");
  EXPECT_TRUE(report.policy.strict_dkim && !report.policy.strict_spf && report.policy.testing);
  ASSERT_THAT(report.rows, SizeIs(2));
  const auto& row = report.rows[0];
  EXPECT_EQ(row.source, "2001:db8::1:2");
  EXPECT_EQ(row.count, 3U);
  EXPECT_EQ(row.disposition, "none");
  EXPECT_EQ(row.reason, "local_policy");
  EXPECT_EQ(row.comment, "not <applied> & ? ? here");
  EXPECT_EQ(row.header_from, "sub.example.net");
  ASSERT_THAT(row.signatures, SizeIs(2));
  EXPECT_EQ(row.signatures[1].domain + row.signatures[1].selector + row.signatures[1].result, "b.examples2permerror");
  EXPECT_EQ(row.spf_domain + " " + row.spf_result, "mail.a.example softfail");
  EXPECT_TRUE(report.rows[1].dkim && report.rows[1].spf);
}

// As of before RFC 9990: without a name space, and with what it left out.
constexpr std::string_view old_report = R"(<?xml version="1.0"?>
<feedback>
  <report_metadata><org_name>acme.example</org_name><email>x@acme.example</email><report_id>1</report_id>
    <date_range><begin>1704067200</begin><end>1704153599</end></date_range></report_metadata>
  <policy_published><domain>Example.NET</domain><adkim>r</adkim><p>none</p><pct>100</pct></policy_published>
  <record><row><source_ip> 192.0.2.7 </source_ip><count>2</count><policy_evaluated><disposition>none</disposition>
    <dkim>fail</dkim><spf>pass</spf></policy_evaluated></row><identifiers><header_from>example.net</header_from>
    </identifiers><auth_results><spf><domain>example.net</domain><result>pass</result></spf></auth_results></record>
  <record><row><source_ip>nonsense</source_ip><count>2</count></row></record>
  <record><row><source_ip>192.0.2.8</source_ip><count>-1</count></row></record>
</feedback>)";

TEST(DmarcReportReader, ReadsReportsOfTheOlderRfc) {
  const auto report = parse_dmarc_report(old_report).value();
  EXPECT_EQ(report.policy.domain, "example.net");
  ASSERT_THAT(report.rows, SizeIs(1)) << "rows about nobody count nothing";
  EXPECT_EQ(report.rows[0].source, "192.0.2.7");
  EXPECT_TRUE(report.rows[0].spf && !report.rows[0].dkim);
}

TEST(DmarcReportReader, NamesEntitiesOfNobody) {
  const auto reason = [](std::string_view xml) {
    const auto report = parse_dmarc_report(xml);
    return report ? std::string() : report.error().message;
  };
  std::string bomb = "<?xml version=\"1.0\"?><!DOCTYPE feedback [<!ENTITY a \"aaaaaaaaaa\">";
  for (char name = 'b'; name <= 'k'; ++name) {
    bomb += std::string("<!ENTITY ") + name + " \"";
    for (int i = 0; i < 10; ++i) bomb += std::string("&") + static_cast<char>(name - 1) + ";";
    bomb += "\">";
  }
  EXPECT_THAT(reason(bomb + "]><feedback>&k;</feedback>"), HasSubstr("document type"));
  EXPECT_THAT(reason("<!DOCTYPE feedback SYSTEM \"file:///etc/passwd\"><feedback/>"), HasSubstr("document type"));
  EXPECT_THAT(reason("<feedback>&x;</feedback>"), HasSubstr("not well-formed"));
}

TEST(DmarcReportReader, IsBounded) {
  const auto kind = [](const std::string& xml) { return parse_dmarc_report(xml).error().kind; };
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  EXPECT_EQ(kind(deep), base::ErrorKind::exhausted);
  EXPECT_EQ(kind(std::string(largest_dmarc_report + 1, ' ')), base::ErrorKind::exhausted);
  std::string rows = "<feedback><policy_published><domain>a.example</domain></policy_published>";
  for (std::size_t i = 0; i <= most_dmarc_rows; ++i)
    rows += "<record><row><source_ip>192.0.2.1</source_ip><count>1</count></row></record>";
  EXPECT_EQ(kind(rows + "</feedback>"), base::ErrorKind::exhausted);
  const auto long_text = parse_dmarc_report(
      "<feedback><policy_published><domain>a</domain></policy_published>"
      "<report_metadata><org_name>" +
      std::string(1'000'000, 'x') + "</org_name></report_metadata></feedback>");
  EXPECT_LE(long_text.value().organization.size(), 1024U);
}

// As long as it is, a name or a value is looked through once.
TEST(XmlReader, TakesTimeByTheLengthOfItsText) {
  const auto began = std::chrono::steady_clock::now();
  std::string ended;
  const XmlEvents events{.begins = [](const std::string&) {},
                         .ends = [&](const std::string& path, std::string_view) { ended = path; }};
  EXPECT_TRUE(read_xml("<a b='" + std::string(std::size_t{64} << 20U, 'x') + "'/>", events));
  EXPECT_EQ(ended, "a");
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
}

TEST(DmarcReportReader, RefusesWhatIsNoReport) {
  for (const std::string_view xml : {"", "x", "<feedback/>", "<feedback>", "<html><body/></html>", "\xFF\xFE<",
                                     "<feedback><policy_published><domain>a</domain></policy_published>"})
    EXPECT_FALSE(parse_dmarc_report(xml)) << xml;
}

// ---- mail

std::string mail_with(std::string_view type, std::string_view bytes) {
  return "From: x@acme.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
         "Content-Type: text/plain\r\n\r\nHello\r\n--b\r\nContent-Type: " +
         std::string(type) + "\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base::base64_encode(bytes) +
         "\r\n--b--\r\n";
}

// "1 report", or what is wrong.
std::string read_words(const std::string& mail) {
  const auto parts = find_dmarc_reports(mail);
  for (const auto& part : parts)
    if (const auto read = read_dmarc_report(part); !read) return read.error().message;
  return std::to_string(parts.size()) + " report";
}

// One file in an archive, as zip(1) makes it of standard input: sizes follow the data.
std::string zipped(std::string_view name, const std::string& bytes, bool deflated) {
  std::string packed = bytes;
  if (deflated) {
    packed = gzip(bytes);  // the same stream between other ends
    packed = packed.substr(10, packed.size() - 18);
  }
  const auto le = [](std::size_t value, int octets) {
    std::string result;
    for (int i = 0; i < octets; ++i) result += static_cast<char>((value >> (8 * i)) & 0xFFU);
    return result;
  };
  return "PK\x03\x04" + le(20, 2) + le(deflated ? 8 : 0, 2) + le(deflated ? 8 : 0, 2) + le(0, 8) +
         le(deflated ? 0 : packed.size(), 4) + le(bytes.size(), 4) + le(name.size(), 2) + le(0, 2) + std::string(name) +
         packed + "PK\x01\x02 and so on";
}

TEST(DmarcMail, IsReadInEveryForm) {
  const std::string xml(old_report);
  EXPECT_EQ(read_words(mail_with("application/gzip", gzip(xml))), "1 report");
  EXPECT_EQ(read_words(mail_with("application/octet-stream", gzip(xml))), "1 report");
  EXPECT_EQ(read_words(mail_with("application/zip", zipped("a.xml", xml, true))), "1 report");
  EXPECT_EQ(read_words(mail_with("application/x-zip-compressed", zipped("a.xml", xml, false))), "1 report");
  EXPECT_EQ(read_words(mail_with("text/xml", xml)), "1 report");
  EXPECT_EQ(read_words("Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                       base::base64_encode(zipped("a.xml", xml, true)) + "\r\n"),
            "1 report")
      << "the mail as a whole";
  EXPECT_EQ(
      read_words("Content-Type: text/xml\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
                 "<feedback><policy_published>=\r\n<domain>a=2Eexample</domain></policy_published></feedback>\r\n"),
      "1 report");
  EXPECT_EQ(read_words("Subject: Hello\r\n\r\nHello\r\n"), "0 report");
}

TEST(DmarcMail, IsBoundedAgainstBombs) {
  const auto bomb = gzip(std::string(largest_dmarc_report + 1, ' '));
  EXPECT_LT(bomb.size(), 100'000U);
  EXPECT_THAT(read_words(mail_with("application/gzip", bomb)), HasSubstr("unpacks to more than"));
  EXPECT_THAT(read_words(mail_with("application/zip", zipped("a", std::string(largest_dmarc_report + 1, ' '), true))),
              HasSubstr("unpacks to more than"));
  std::string many = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  for (int i = 0; i < 1000; ++i) many += "--b\r\nContent-Type: text/xml\r\n\r\n<x/>\r\n";
  EXPECT_THAT(find_dmarc_reports(many), SizeIs(4));
}

TEST(DmarcMail, WhatIsDamagedIsToldNotTaken) {
  const std::string xml(old_report);
  EXPECT_THAT(read_words(mail_with("application/gzip", gzip(xml).substr(0, 100))), HasSubstr("cut off"));
  EXPECT_THAT(read_words(mail_with("application/zip", zipped("a.xml", xml, true).substr(0, 20))), HasSubstr("damaged"));
  auto encrypted = zipped("a.xml", xml, true);
  encrypted[6] = static_cast<char>(encrypted[6] | 1);
  EXPECT_THAT(read_words(mail_with("application/zip", encrypted)), HasSubstr("encrypted"));
  auto lzma = zipped("a.xml", xml, true);
  lzma[8] = 14;
  EXPECT_THAT(read_words(mail_with("application/zip", lzma)), HasSubstr("not known"));
  EXPECT_THAT(read_words("Content-Type: application/gzip\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%\r\n"),
              HasSubstr("encoding"));
}

TEST(DmarcMail, OfOursIsReadBack) {
  base::SeededRandom random(1);
  const auto head = example_head();
  const auto file = dmarc_report_file_name(head, "mail.example.com", "7");
  EXPECT_EQ(file, "mail.example.com!example.net!1704067200!1704153599!7.xml.gz");
  const auto text = compose_dmarc_report(head,
                                         {.submitter = "mail.example.com",
                                          .from = "postmaster@example.com",
                                          .to = {"dmarc", "example.net"},
                                          .now = head.end},
                                         file, gzip(xml_of({failed_row()})), random);
  EXPECT_THAT(text, HasSubstr("From: <postmaster@example.com>\r\nTo: <dmarc@example.net>\r\n"));
  EXPECT_THAT(text, HasSubstr("Subject: Report Domain: example.net Submitter: mail.example.com Report-ID:\r\n "
                              "<1704067200.7@mail.example.com>\r\n"));
  EXPECT_THAT(text, HasSubstr("\r\nMessage-ID: <1704067200.7@mail.example.com>\r\n"));
  EXPECT_THAT(text, HasSubstr("\r\nContent-Type: application/gzip;\r\n\tname=\"" + file + "\"\r\n"));
  const auto parts = find_dmarc_reports(text);
  ASSERT_THAT(parts, SizeIs(1));
  EXPECT_EQ(read_dmarc_report(parts[0]).value().rows.at(0).count, 3U);
}

TEST(DmarcMail, NothingSlipsIntoItsHeader) {
  base::SeededRandom random(1);
  auto head = example_head();
  head.domain = "a\r\nBcc: b@c.example";
  const auto text = compose_dmarc_report(
      head, {.submitter = "m\n.example", .from = "p@e\r\n.example", .to = {"t", "x"}}, "f\"\r\n", "x", random);
  EXPECT_EQ(text.find("\nBcc"), std::string::npos);
}

TEST(Compression, UnpacksWhatItPacked) {
  EXPECT_EQ(unpacked(gzip(""), 10).value(), "");
  EXPECT_EQ(unpacked(gzip("Hello"), 5).value(), "Hello");
  EXPECT_EQ(unpacked(gzip("Hello"), 4).error().kind, base::ErrorKind::exhausted);
  EXPECT_EQ(unpacked("plain", 5).value(), "plain");
  EXPECT_EQ(unpacked("plain", 4).error().kind, base::ErrorKind::exhausted);
}

}  // namespace
}  // namespace godwit::mail

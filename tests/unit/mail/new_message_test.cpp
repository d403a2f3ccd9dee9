// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/new_message.hpp"

#include <gmock/gmock.h>

#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/header.hpp"

namespace godwit::mail {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

NewMessage simple_message() {
  NewMessage message;
  message.from = {{.name = "Alice", .address = {"alice", "x.example"}}};
  message.to = {{.name = {}, .address = {"bob", "y.example"}}};
  message.subject = "Hello";
  message.text = "Hi\nthere\n";
  return message;
}

std::string composed_text(NewMessage message) {
  base::SeededRandom random(1);
  const auto composed = compose_message(std::move(message), random);
  if (!composed) return "error: " + composed.error().message;
  std::string text;
  for (const auto& piece : composed->pieces) text += piece;
  EXPECT_EQ(text.size(), composed->size());
  return text;
}

// Of the whole message, unfolded.
std::string composed_field(const NewMessage& message, std::string_view name) {
  const auto text = composed_text(message);
  const Header header(text);
  EXPECT_TRUE(header.complete());
  EXPECT_EQ(header.count(name), 1U) << text;
  const auto field = header.find(name);
  return field ? unfold(field->body) : text;
}

TEST(NewMessage, OfOneTextIsThatText) {
  EXPECT_EQ(composed_text(simple_message()),
            "From: Alice <alice@x.example>\r\nTo: bob@y.example\r\nSubject: Hello\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\nHi\r\nthere\r\n");
}

TEST(NewMessage, TextsAreEncodedAsTheyNeedIt) {
  auto message = simple_message();
  message.text = "Mostly plain, with one \xC3\xA9 and a trailing blank \nnext = line";
  EXPECT_THAT(composed_text(message),
              HasSubstr("charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
                        "Mostly plain, with one =C3=A9 and a trailing blank=20\r\nnext =3D line"));
  message.text = "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82";
  EXPECT_THAT(composed_text(message),
              HasSubstr("charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n0J/RgNC40LLQtdGC"));
  message.text = std::string(999, 'a');
  EXPECT_THAT(composed_text(message), HasSubstr("charset=us-ascii\r\nContent-Transfer-Encoding: quoted-printable"));
  message.text = std::string(998, 'a');
  EXPECT_THAT(composed_text(message), HasSubstr("Content-Transfer-Encoding: 7bit"));
  message.text = std::string("a NUL is no plain text: \0b", 26);
  EXPECT_THAT(composed_text(message), HasSubstr("text: =00b"));
  message.text = "one\rtwo\r\nthree\n";
  EXPECT_THAT(composed_text(message), HasSubstr("one\r\ntwo\r\nthree\r\n"));
}

TEST(NewMessage, ItsPartsAreNestedAsReadersWantThem) {
  auto message = simple_message();
  message.html = "<img src=\"cid:logo@x\">";
  message.attachments = {{.content = "PNG", .content_type = "image/png", .content_id = "logo@x", .is_inline = true},
                         {.content = "%PDF", .content_type = "application/pdf", .file_name = "a \"b\".pdf"}};
  const auto text = composed_text(message);
  const auto mixed = text.find("multipart/mixed"), alternative = text.find("multipart/alternative"),
             plain = text.find("text/plain"), related = text.find("multipart/related;\r\n\ttype=\"text/html\""),
             html = text.find("text/html;"), png = text.find("image/png"), pdf = text.find("application/pdf");
  EXPECT_LT(mixed, alternative);
  EXPECT_LT(alternative, plain);
  EXPECT_LT(plain, related);
  EXPECT_LT(related, html);
  EXPECT_LT(html, png);
  EXPECT_LT(png, pdf);
  EXPECT_NE(pdf, std::string::npos);
  EXPECT_THAT(text, HasSubstr("Content-Disposition: inline\r\nContent-ID: <logo@x>\r\n"));
  EXPECT_THAT(text, HasSubstr("Content-Disposition: attachment;\r\n\tfilename=\"a \\\"b\\\".pdf\"\r\n"));
  message.html.reset();
  EXPECT_THAT(composed_text(message), Not(HasSubstr("multipart/related")));
}

TEST(NewMessage, SubjectsComeBackToTheByte) {
  auto message = simple_message();
  std::string words = "start";
  for (int i = 0; i < 60; ++i) words += i % 7 == 0 ? "  word" : " word";
  for (const auto& subject : {std::string("a  b   c"), words}) {
    message.subject = subject;
    const auto text = composed_text(message);
    for (const auto line : base::split(text, '\n')) EXPECT_LE(line.size(), 100U);
    auto body = std::string(Header(text).find("Subject")->body);
    for (auto at = body.find("\r\n"); at != std::string::npos; at = body.find("\r\n")) body.erase(at, 2);
    EXPECT_EQ(body, " " + subject);
  }
  message.subject = " leading";
  EXPECT_THAT(composed_field(message, "Subject"), StartsWith("=?UTF-8?B?"));
  message.subject = "=?UTF-8?B?aGk=?=";
  EXPECT_EQ(composed_field(message, "Subject"), "=?UTF-8?B?" + base::base64_encode(message.subject) + "?=");
  message.subject =
      "Gr\xC3\xBC\xC3\x9F"
      "e";
  EXPECT_EQ(composed_field(message, "Subject"), "=?UTF-8?B?" + base::base64_encode(message.subject) + "?=");
}

TEST(NewMessage, NoValueAddsAFieldOrALine) {
  const auto wrong = [](auto change) {
    auto message = simple_message();
    change(message);
    const auto text = composed_text(message);
    EXPECT_THAT(text, StartsWith("error: ")) << text;
    return text;
  };
  for (const auto& end : std::vector<std::string>{"\r\n", "\n", "\r", std::string(1, '\0'), "\x7F", "\xC2\x85"}) {
    const auto evil = "x" + end + "Bcc: eve@z.example";
    EXPECT_THAT(wrong([&](auto& m) { m.subject = evil; }), HasSubstr("subject: "));
    EXPECT_THAT(wrong([&](auto& m) { m.from[0].name = evil; }), HasSubstr("from: "));
    EXPECT_THAT(wrong([&](auto& m) { m.to[0].address.local = evil; }), HasSubstr("to: "));
    EXPECT_THAT(wrong([&](auto& m) { m.headers = {{"X-A", evil}}; }), HasSubstr("headers.X-A: "));
    EXPECT_THAT(wrong([&](auto& m) { m.headers = {{evil, "a"}}; }), HasSubstr("headers."));
    for (const auto& attachment : {Attachment{.content_type = "text/plain" + evil}, Attachment{.file_name = evil},
                                   Attachment{.content_id = evil}, Attachment{.content_type = "text/plain; a=" + evil}})
      EXPECT_THAT(wrong([&](auto& m) { m.attachments = {attachment}; }), HasSubstr("attachments[0]."));
  }
  EXPECT_THAT(wrong([&](auto& m) { m.subject = "\xFF"; }), HasSubstr("subject: "));
}

TEST(NewMessage, FurtherFieldsAreOfTheSendersOwnChoiceOnly) {
  auto message = simple_message();
  for (const auto* name : {"From", "bcc", "DATE", "Content-Type", "MIME-Version", "Received", "Resent-To",
                           "DKIM-Signature", "a b", "", "a:b", "\xC3\xA9"}) {
    message.headers = {{name, "x"}};
    EXPECT_THAT(composed_text(message), StartsWith("error: headers.")) << name;
  }
  message.headers = {{"List-Unsubscribe", "<https://x.example/u>"}, {"X-Name", "\xC3\xA9t\xC3\xA9"}};
  EXPECT_EQ(composed_field(message, "List-Unsubscribe"), "<https://x.example/u>");
  EXPECT_THAT(composed_field(message, "X-Name"), StartsWith("=?UTF-8?B?"));
  message.headers = {{"List-Unsubscribe", "\xC3\xA9"}};
  EXPECT_THAT(composed_text(message), HasSubstr("US-ASCII"));
  message.headers = {{"Message-ID", "<a@b>"}, {"message-id", "<c@d>"}};
  EXPECT_THAT(composed_text(message), HasSubstr("once"));
  message.headers = {{"X-Long", std::string(1000, 'a')}};
  EXPECT_THAT(composed_text(message), HasSubstr("too long for a line"));
}

TEST(NewMessage, ARunOfBlanksMakesNoLongLine) {
  auto message = simple_message();
  message.headers = {{"X-A", "a" + std::string(5000, ' ') + "b"}};
  EXPECT_THAT(composed_text(message), HasSubstr("too long for a line"));
  message.headers = {{"X-A", std::string(5000, ' ') + "a" + std::string(800, ' ') + "b"}};
  message.subject = "a" + std::string(5000, ' ') + "b";
  const auto text = composed_text(message);
  EXPECT_THAT(text, HasSubstr("X-A: a\r\n"));
  EXPECT_THAT(text, HasSubstr("Subject: =?UTF-8?B?"));
  for (const auto line : base::split(text, '\n')) EXPECT_LE(line.size(), 999U);
}

TEST(NewMessage, FileNamesBeyondAsciiAreInSectionsOfRfc2231) {
  auto message = simple_message();
  message.attachments = {{.file_name = "\xE2\x82\xAC.txt"}};
  EXPECT_THAT(composed_text(message), HasSubstr("attachment;\r\n\tfilename*=UTF-8''%E2%82%AC.txt\r\n"));
  std::string name;
  for (int i = 0; i < 40; ++i) name += "\xE2\x82\xAC";
  message.attachments = {{.file_name = name}};
  const auto text = composed_text(message);
  std::string back;
  for (int i = 0;; ++i) {
    const auto start = "filename*" + std::to_string(i) + "*=";
    const auto at = text.find(start);
    if (at == std::string::npos) break;
    auto value = text.substr(at + start.size());
    value = value.substr(0, value.find_first_of(";\r"));
    EXPECT_EQ(base::is_valid_utf8(base::percent_decode(value).value()), true) << "no character is cut";
    back += value;
  }
  EXPECT_EQ(base::percent_decode(back).value(), "UTF-8''" + name);
}

TEST(NewMessage, AMessageInItIsNeverEncoded) {
  auto message = simple_message();
  message.attachments = {{.content = "Subject: s\n\nbody\n", .content_type = "message/rfc822"}};
  EXPECT_THAT(composed_text(message),
              HasSubstr("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\nContent-Disposition: "
                        "attachment\r\n\r\nSubject: s\r\n\r\nbody\r\n"));
  message.attachments[0].content = "Subject: s\n\n\xC3\xA9\n";
  base::SeededRandom random(1);
  EXPECT_EQ(compose_message(message, random)->body, smtp::BodyType::eight_bit_mime);
  message.attachments[0].content = std::string(1000, 'a');
  EXPECT_THAT(composed_text(message), StartsWith("error: attachments[0].content_base64"));
  message.attachments[0].content_type = "multipart/mixed";
  EXPECT_THAT(composed_text(message), StartsWith("error: attachments[0].content_type"));
}

TEST(NewMessage, OnlyAddressesBeyondAsciiNeedSmtputf8) {
  base::SeededRandom random(1);
  auto message = simple_message();
  message.subject = message.from[0].name = "\xC3\xA9";
  EXPECT_FALSE(compose_message(message, random)->smtputf8);
  message.to[0].address.local = "\xC3\xA9";
  EXPECT_TRUE(compose_message(message, random)->smtputf8);
}

}  // namespace
}  // namespace godwit::mail

// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/recoder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "godwit/base/encoding.hpp"

namespace godwit::mail {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;
using ::testing::Not;

std::string recoded(std::string_view message, Recoding recoding, std::size_t piece = std::string::npos) {
  Recoder recoder(recoding);
  std::string result;
  for (std::size_t at = 0; at < message.size();) {
    const auto part = message.substr(at, piece);
    std::string out;  // as a driver does, which sends it and begins anew
    EXPECT_TRUE(recoder.put(part, out));
    result += out;
    at += part.size();
  }
  std::string out;
  EXPECT_TRUE(recoder.finish(out));
  return result + out;
}

// Whatever the pieces it comes in.
std::string recoded_always(std::string_view message, Recoding recoding) {
  auto whole = recoded(message, recoding);
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 64U}) EXPECT_EQ(recoded(message, recoding, piece), whole) << piece;
  return whole;
}

TEST(Recoder, LeavesASevenBitMessageAlone) {
  const std::string message =
      "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
      "boundary=b\r\n\r\npreamble\r\n--b\r\n\r\none\r\n"
      "--b\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b--\r\nepilogue\r\n";
  for (const auto recoding : {Recoding::eight_to_seven, Recoding::binary_to_seven, Recoding::binary_to_eight})
    EXPECT_EQ(recoded_always(message, recoding), message);
}

TEST(Recoder, EncodesTextAsQuotedPrintable) {
  EXPECT_EQ(recoded_always("Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                           "Content-Transfer-Encoding: 8bit\r\n\r\nGr\xC3\xBC\xC3\x9F=dich \r\n.\r\n",
                           Recoding::eight_to_seven),
            "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9F=3Ddich=20\r\n.\r\n");
}

TEST(Recoder, FoldsQuotedLinesSoftly) {
  const std::string long_line(200, 'x');
  const auto result =
      recoded_always("MIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + long_line + "\xFF\r\n",
                     Recoding::eight_to_seven);
  const auto body = result.substr(result.find("\r\n\r\n") + 4);
  EXPECT_EQ(body, std::string(75, 'x') + "=\r\n" + std::string(75, 'x') + "=\r\n" + std::string(50, 'x') + "=FF\r\n");
}

TEST(Recoder, EncodesOtherPartsAsBase64AndKeepsTheRest) {
  const std::string head =
      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary=\"b b\" (comment)\r\n"
      "Content-Transfer-Encoding: ";
  const auto result =
      recoded_always(head +
                         "8bit\r\n\r\n--b b\r\nContent-Type: image/x\r\n"
                         "content-transfer-encoding: 8bit\r\nX-After: y\r\n\r\n\xFF\xFE\r\n\r\n--b b\r\n\r\n"
                         "plain\r\n--b b-- \r\n",
                     Recoding::eight_to_seven);
  EXPECT_EQ(
      result,
      head + "7bit\r\n\r\n--b b\r\nContent-Type: image/x\r\nContent-Transfer-Encoding: base64\r\nX-After: y\r\n\r\n" +
          base::base64_encode("\xFF\xFE\r\n") + "\r\n--b b\r\n\r\nplain\r\n--b b-- \r\n");
}

TEST(Recoder, BinaryPartsComeBackByteExact) {
  std::string bytes;
  for (int i = 0; i < 3000; ++i) bytes += static_cast<char>(i * 7);
  bytes += "\r\n--x\r\n\n\r--b\r\n";  // not a boundary of this message, nor at the start of a line
  const std::string before =
      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: binary\r\n\r\n"
      "--b\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: binary\r\n\r\n";
  for (const auto recoding : {Recoding::binary_to_seven, Recoding::binary_to_eight}) {
    const auto result = recoded_always(before + bytes + "\r\n--b--\r\n", recoding);
    EXPECT_THAT(result, HasSubstr(recoding == Recoding::binary_to_seven ? "Encoding: 7bit\r\n" : "Encoding: 8bit\r\n"));
    auto encoded = result.substr(result.find("base64\r\n\r\n") + 10);
    encoded.resize(encoded.find("\r\n--b--"));
    std::string joined;
    for (const char c : encoded)
      if (c != '\r' && c != '\n') joined += c;
    EXPECT_EQ(base::base64_decode(joined), bytes);
  }
}

TEST(Recoder, GoesIntoMessagesWithinMessages) {
  const auto result = recoded_always(
      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: message/rfc822\r\n"
      "Content-Transfer-Encoding: 8bit\r\n\r\nSubject: inner\r\nMIME-Version: 1.0\r\n"
      "Content-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\nContent-Transfer-Encoding: "
      "8bit\r\n\r\n\xC3\xBC\r\n"
      "--i--\r\n--o\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xC3\xA4\r\n--o--\r\n",
      Recoding::eight_to_seven);
  EXPECT_THAT(result,
              HasSubstr("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\nSubject: inner\r\n"));
  EXPECT_THAT(result, HasSubstr("quoted-printable\r\n\r\n=C3=BC\r\n--i--\r\n--o\r\n"));
  EXPECT_THAT(result, HasSubstr("quoted-printable\r\n\r\n=C3=A4\r\n--o--\r\n"));
}

TEST(Recoder, MailWithoutMimeIsLabelledUnknown) {
  EXPECT_EQ(recoded_always("Subject: x\r\n\r\n\xFC\r\n", Recoding::eight_to_seven),
            "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n=FC\r\n");
}

TEST(Recoder, WhatComesOutIsCanonicalWhateverCameIn) {
  const std::string bad("Subject: a\nb\r\n\r\nbare\nlf\rcr\r\r\nnul\0no end"s);
  for (const auto recoding : {Recoding::binary_to_seven, Recoding::binary_to_eight}) {
    const auto result = recoded_always(bad, recoding);
    EXPECT_TRUE(result.ends_with("\r\n"));
    EXPECT_THAT(result, Not(HasSubstr(std::string(1, '\0'))));
    for (std::size_t i = 0; i < result.size(); ++i) {
      const char before = i > 0 ? result[i - 1] : '\0', after = i + 1 < result.size() ? result[i + 1] : '\0';
      EXPECT_TRUE(result[i] != '\n' || before == '\r') << i;
      EXPECT_TRUE(result[i] != '\r' || after == '\n') << i;
    }
  }
}

TEST(Recoder, OddMessagesPassThrough) {
  for (const std::string message :
       {"", "\r\n", "\r\nonly a body\r\n", "no colon here\r\nbody\r\n", " folded: first\r\n\r\nx\r\n",
        "Subject: only a header\r\n",
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--b\r\nX: y\r\n--b--\r\n",
        "Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n----\r\n",
        "Content-Type: multipart/mixed\r\n\r\n--b\r\n", "Content-Type: /;;=\"\r\n\r\nx\r\n"})
    EXPECT_EQ(recoded_always(message, Recoding::binary_to_eight), message) << message;
}

TEST(Recoder, BoundsItsMemory) {
  Recoder recoder(Recoding::eight_to_seven);
  std::string out;
  const std::string line = "X-Long: " + std::string(990, 'x') + "\r\n";
  bool taken = true;
  for (std::size_t i = 0; taken && i < Recoder::max_header / 500; ++i) taken = recoder.put(line, out);
  EXPECT_FALSE(taken);
  std::string nested;
  for (std::size_t i = 0; i <= Recoder::max_depth; ++i) {
    const auto name = std::to_string(i);
    nested += "Content-Type: multipart/mixed; boundary=b" + name + "\r\n\r\n--b" + name + "\r\n";
  }
  Recoder deep(Recoding::eight_to_seven);
  EXPECT_FALSE(deep.put(nested, out));
}

}  // namespace
}  // namespace godwit::mail

// SPDX-License-Identifier: Apache-2.0
#include "dispatch/forwarded_content.hpp"

#include <gtest/gtest.h>

#include "support/run_awaitable.hpp"
#include "unit/dispatch/text_body.hpp"

namespace godwit::dispatch {
namespace {

const smtp::Mailbox forwarder{"away", "example.com"};
const std::string forwarded_text = "Subject: s\r\n\r\nbody\r\n";
const std::string whole_forwarded = "Delivered-To: away@example.com\r\n" + forwarded_text;

TEST(ForwardedContent, CopiesNoBodyThatIsInMemory) {
  const ForwardedContent content(forwarder, std::make_shared<TextBody>(forwarded_text));
  EXPECT_FALSE(content.view());
  EXPECT_EQ(content.size(), whole_forwarded.size());
}

TEST(ForwardedContent, IsReadInAnyPieces) {
  ForwardedContent content(forwarder, std::make_shared<TextBody>(forwarded_text, TextBody::Place::file));
  for (std::size_t piece = 1; piece <= whole_forwarded.size() + 1; ++piece) {
    std::string all;
    for (;;) {
      std::string part(piece, '\0');
      const auto got = testing::run_awaitable(content.read(all.size(), part));
      ASSERT_TRUE(got);
      if (*got == 0) break;
      all += part.substr(0, *got);
    }
    EXPECT_EQ(all, whole_forwarded) << piece;
  }
}

}  // namespace
}  // namespace godwit::dispatch

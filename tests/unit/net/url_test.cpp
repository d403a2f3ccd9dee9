// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/url.hpp"

#include <gmock/gmock.h>

namespace godwit::net {
namespace {

TEST(Url, IsTakenApart) {
  const auto url = parse_url("https://login.example.com/a/b?c=d");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "login.example.com");
  EXPECT_EQ(url->port, 443);
  EXPECT_EQ(url->target, "/a/b?c=d");
  EXPECT_EQ(parse_url("http://[::1]:8080?x")->host, "::1");
  EXPECT_EQ(parse_url("http://[::1]:8080?x")->port, 8080);
  EXPECT_EQ(parse_url("http://[::1]:8080?x")->target, "/?x");
  EXPECT_EQ(parse_url("http://127.0.0.1")->target, "/");
  EXPECT_EQ(parse_url("HTTP://h/")->port, 80);
}

TEST(Url, WhatIsNoneIsRefused) {
  for (const char* text :
       {"", "ftp://x/", "https://", "https:///x", "https://h:0/", "https://h:99999/", "https://h:x/", "https://a@b/",
        "https://h/a b", "https://h/\r\nX: y", "https://h/#f", "https://h/\xFF", "https://h/\x1B[2J", "https://[::1",
        "https://[::1]x/", "https://[h]/", "https://h]/", "https://[]/"})
    EXPECT_FALSE(parse_url(text)) << text;
}

TEST(Url, TheUsualPortIsNotNamed) {
  EXPECT_EQ(authority(*parse_url("https://h/")), "h");
  EXPECT_EQ(authority(*parse_url("https://h:8443/")), "h:8443");
  EXPECT_EQ(authority(*parse_url("http://[::1]:443/")), "[::1]:443");
}

}  // namespace
}  // namespace godwit::net

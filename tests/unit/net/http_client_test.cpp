// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/http_client.hpp"

#include <gmock/gmock.h>

#include "support/fake_resolver.hpp"
#include "support/fake_web.hpp"
#include "support/run_on.hpp"
#include "support/test_certificate.hpp"

// GCC 12 sees through the operator new of Asio's frames but not through their delete.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace godwit::net {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using Step = HttpFailure::Step;
using testing::http_answer;

class HttpClientTest : public ::testing::Test {
 protected:
  HttpClientTest() {
    resolver.add_address("www.example.com", "192.0.2.1").add_address("www.example.com", "2001:db8::1");
    TlsSettings settings;
    settings.certificates = {testing::make_certificate(folder, "good", {.names = {"www.example.com"}})};
    settings.ca_file = settings.certificates[0].certificate;
    server = TlsServerContext::load(settings).value();
    client = TlsClientContext::load(settings).value();
    web.answer = http_answer(200, "text/plain; charset=utf-8", "hello");
  }

  HttpClient::Outcome get(const std::string& url) {
    HttpRequest request;
    request.url = parse_url(url).value();
    request.accept = "text/plain";
    return exchange(request);
  }
  HttpClient::Outcome exchange(HttpRequest request) {
    HttpClient http(web, resolver);
    return testing::run_on(io, http.exchange(std::move(request), client, limits));
  }
  Step step_of(const std::string& url) {
    const auto outcome = get(url);
    EXPECT_FALSE(outcome) << url;
    return outcome ? Step::address : outcome.error().step;
  }

  testing::TemporaryFolder folder;
  boost::asio::io_context io;
  testing::ManualClock clock;
  testing::FakeWeb web{io, clock};
  testing::FakeResolver resolver;
  std::shared_ptr<const TlsServerContext> server;
  std::shared_ptr<const TlsClientContext> client;
  HttpLimits limits;
};

TEST_F(HttpClientTest, GetsOverTlsFromTheFirstAddress) {
  web.tls = server;
  const auto answer = get("https://www.example.com/a?b");
  ASSERT_TRUE(answer) << answer.error().why;
  EXPECT_EQ(answer->status, 200U);
  EXPECT_EQ(answer->content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(answer->body, "hello");
  EXPECT_THAT(web.asked, ElementsAre(*base::Endpoint::parse("[2001:db8::1]:443")));
  EXPECT_THAT(web.requests, ElementsAre("GET /a?b HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: godwit\r\n"
                                        "Connection: close\r\nAccept: text/plain\r\n\r\n"));
}

TEST_F(HttpClientTest, PostsABody) {
  HttpRequest request;
  request.method = "POST";
  request.url = parse_url("http://www.example.com:8080/report").value();
  request.content_type = "application/x";
  request.body = std::string(100000, 'x');
  EXPECT_TRUE(exchange(request));
  ASSERT_EQ(web.requests.size(), 1U);
  EXPECT_THAT(web.requests[0],
              AllOf(HasSubstr("Host: www.example.com:8080\r\n"), HasSubstr("Content-Length: 100000\r\n"),
                    HasSubstr("Content-Type: application/x\r\n"), EndsWith("xxx")));
}

TEST_F(HttpClientTest, TriesTheNextAddress) {
  web.down = {*base::Endpoint::parse("[2001:db8::1]:80")};
  EXPECT_TRUE(get("http://www.example.com/"));
  EXPECT_EQ(web.asked.size(), 2U);
  web.down.push_back(*base::Endpoint::parse("192.0.2.1:80"));
  EXPECT_EQ(step_of("http://www.example.com/"), Step::connect);
}

TEST_F(HttpClientTest, SaysHowFarItCame) {
  EXPECT_EQ(step_of("http://other.example/"), Step::address);
  EXPECT_EQ(step_of("https://www.example.com/"), Step::tls);  // the server speaks none
  web.answer = "220 mail.example.com ESMTP\r\n";
  EXPECT_EQ(step_of("http://www.example.com/"), Step::exchange);
}

TEST_F(HttpClientTest, TheCertificateMustBeTrustedValidAndOfTheName) {
  const auto use = [&](testing::CertificateWish wish, bool trusted) {
    TlsSettings settings;
    settings.certificates = {testing::make_certificate(folder, "other", wish)};
    web.tls = TlsServerContext::load(settings).value();
    if (trusted)
      settings.ca_file = settings.certificates[0].certificate;
    else
      settings.ca_file = folder / "good.crt";
    client = TlsClientContext::load(settings).value();
  };
  use({.names = {"www.example.com"}}, true);
  EXPECT_TRUE(get("https://www.example.com/"));
  use({.names = {"www.example.com"}}, false);
  EXPECT_EQ(step_of("https://www.example.com/"), Step::certificate);
  use({.names = {"example.com"}}, true);
  EXPECT_EQ(step_of("https://www.example.com/"), Step::certificate);
  use({.names = {"www.example.com"}, .valid_from = -7200, .valid_for = 3600}, true);
  EXPECT_EQ(step_of("https://www.example.com/"), Step::certificate);
  EXPECT_EQ(web.requests.size(), 1U);
}

TEST_F(HttpClientTest, FollowsNoRedirect) {
  web.answer = "HTTP/1.1 301 Moved\r\nLocation: http://elsewhere.example/\r\nContent-Length: 0\r\n\r\n";
  EXPECT_EQ(get("http://www.example.com/")->status, 301U);
  EXPECT_EQ(web.requests.size(), 1U);
}

TEST_F(HttpClientTest, ReadsChunksAndUpToTheEnd) {
  web.answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  web.manners.write_at_most = 1;
  EXPECT_EQ(get("http://www.example.com/")->body, "abcde");
  web.answer = "HTTP/1.1 200 OK\r\n\r\nto the end";
  EXPECT_EQ(get("http://www.example.com/")->body, "to the end");
}

TEST_F(HttpClientTest, WhatIsTooLongOrCutOffIsAFailure) {
  limits.body = 4;
  EXPECT_EQ(step_of("http://www.example.com/"), Step::exchange);
  web.answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n";
  EXPECT_EQ(step_of("http://www.example.com/"), Step::exchange);
  web.answer = "HTTP/1.1 200 OK\r\n\r\nabcde";
  EXPECT_EQ(step_of("http://www.example.com/"), Step::exchange);
  limits.body = 100;
  web.answer = http_answer(200, "text/plain", "hello").substr(0, 60);
  EXPECT_EQ(step_of("http://www.example.com/"), Step::exchange);
  web.answer = "HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n";
  EXPECT_EQ(step_of("http://www.example.com/"), Step::exchange);
  web.answer = "HTTP/1.1 200 OK\r\n" + std::string(1U << 20U, 'x');
  EXPECT_EQ(step_of("http://www.example.com/"), Step::exchange);
}

class HttpClientWithPool : public HttpClientTest {
 protected:
  HttpClient::Outcome post(const std::string& body) {
    HttpRequest request;
    request.method = "POST";
    request.url = parse_url("http://www.example.com/").value();
    request.authorization = "Bearer secret";
    request.body = body;
    HttpClient http(web, resolver);
    return testing::run_on(io, http.exchange(std::move(request), client, limits, pool));
  }

  Deadlines deadlines{clock};
  std::shared_ptr<StreamPool> pool = std::make_shared<StreamPool>(io.get_executor(), deadlines, StreamPool::Limits{});
};

TEST_F(HttpClientWithPool, OneConnectionServesManyQuestions) {
  web.answers_each = 100;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(post("a")->body, "hello");
  EXPECT_EQ(web.asked.size(), 1U);
  EXPECT_EQ(pool->kept(), 1U);
  ASSERT_EQ(web.requests.size(), 3U);
  EXPECT_THAT(web.requests[2],
              AllOf(HasSubstr("Authorization: Bearer secret\r\n"), ::testing::Not(HasSubstr("Connection:"))));
}

TEST_F(HttpClientWithPool, WhereTheServerHungUpMeanwhileItIsAskedAnew) {
  web.answers_each = 2;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(post("a"));
  EXPECT_EQ(web.asked.size(), 3U);
  EXPECT_EQ(web.requests.size(), 5U);
}

TEST_F(HttpClientWithPool, OldConnectionsAreNotUsed) {
  web.answers_each = 100;
  EXPECT_TRUE(post("a"));
  clock.advance_to(clock.mono() + std::chrono::seconds(31));
  EXPECT_TRUE(post("a"));
  EXPECT_EQ(web.asked.size(), 2U);
}

TEST_F(HttpClientWithPool, WhatMayNotBeUsedAgainIsNotKept) {
  web.answers_each = 100;
  web.answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na";
  EXPECT_TRUE(post("a"));
  EXPECT_EQ(pool->kept(), 0U);
  web.answer = http_answer(200, "text/plain", "hello") + http_answer(200, "text/plain", "for somebody else");
  EXPECT_EQ(post("a")->body, "hello");
  EXPECT_EQ(pool->kept(), 0U) << "what follows may be no answer to the next question";
  web.answer = "HTTP/1.1 103 Early Hints\r\n\r\n" + http_answer(200, "text/plain", "hello");
  EXPECT_EQ(post("a")->status, 103U);
  EXPECT_EQ(pool->kept(), 0U);
  limits.body = 4;
  web.answer = http_answer(200, "text/plain", "hello");
  EXPECT_FALSE(post("a"));
  EXPECT_EQ(pool->kept(), 0U);
}

TEST_F(HttpClientTest, ThisMachineNeedsNoName) {
  EXPECT_TRUE(get("http://localhost:8080/"));
  EXPECT_THAT(web.asked, ElementsAre(*base::Endpoint::parse("127.0.0.1:8080")));
}

}  // namespace
}  // namespace godwit::net

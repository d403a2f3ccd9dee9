// SPDX-License-Identifier: Apache-2.0
#include "godwit/dns/caching_resolver.hpp"

#include <deque>
#include <map>
#include <utility>

#include <gmock/gmock.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "support/dns_answer.hpp"
#include "support/manual_clock.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::dns {
namespace {

using namespace std::chrono_literals;
using testing::DnsAnswer;
using ::testing::ElementsAre;
using testing::ManualClock;
using testing::run_awaitable;

// Answers by function; each exchange ends only after another turn of the loop, as a real one does.
class ScriptedTransport final : public Transport {
 public:
  boost::asio::awaitable<Reply> exchange(std::string query) override {
    asked.push_back(testing::asked_name(query));
    had_edns.push_back(query[11] == '\1');
    co_await boost::asio::post(boost::asio::use_awaitable);
    co_return answer(query);
  }
  std::function<Reply(const std::string&)> answer;
  std::vector<std::string> asked;
  std::vector<bool> had_edns;
};

Transport::Reply bytes(const DnsAnswer& answer) {
  return {.bytes = answer.bytes(), .failure = {}};
}

class CachingResolverTest : public ::testing::Test {
 protected:
  Answer<Mx> mx(std::string name) { return run_awaitable(resolver_.mx(std::move(name))); }
  Answer<base::IpAddress> a(std::string name) {
    return run_awaitable(resolver_.addresses(std::move(name), Family::v4));
  }

  ManualClock clock_;
  ScriptedTransport transport_;
  Settings settings_{.servers = {*base::Endpoint::parse("127.0.0.1:53")}, .cache_entries = 3};
  CachingResolver resolver_{transport_, clock_, settings_};
};

TEST_F(CachingResolverTest, RemembersAnAnswerForItsTtl) {
  transport_.answer = [](const std::string& query) {
    return bytes(
        DnsAnswer(query).mx("example.net", 300, 10, "a.example.net").mx("example.net", 60, 20, "b.example.net"));
  };
  auto answer = mx("Example.NET.");
  EXPECT_EQ(answer.status, Status::found);
  EXPECT_THAT(answer.records, ElementsAre(Mx{10, "a.example.net"}, Mx{20, "b.example.net"}));
  EXPECT_EQ(answer.ttl, 60s) << "the smallest";
  clock_.now += 59s;
  answer = mx("example.net");
  EXPECT_EQ(answer.ttl, 1s);
  EXPECT_EQ(transport_.asked.size(), 1U);
  clock_.now += 1s;
  mx("example.net");
  EXPECT_EQ(transport_.asked.size(), 2U);
}

TEST_F(CachingResolverTest, DoesNotRememberTtlZero) {
  transport_.answer = [](const std::string& query) {
    return bytes(DnsAnswer(query).mx("example.net", 0, 10, "a.example.net"));
  };
  EXPECT_EQ(mx("example.net").status, Status::found);
  mx("example.net");
  EXPECT_EQ(transport_.asked.size(), 2U);
  EXPECT_EQ(resolver_.cached(), 0U);
}

TEST_F(CachingResolverTest, RemembersAtMostADay) {
  transport_.answer = [](const std::string& query) {
    return bytes(DnsAnswer(query).mx("example.net", 1000000, 10, "a.example.net"));
  };
  EXPECT_EQ(mx("example.net").ttl, 24h);
}

TEST_F(CachingResolverTest, RemembersWhatIsNotThereAsTheSoaSays) {
  unsigned rcode = 3;
  transport_.answer = [&](const std::string& query) {
    return bytes(DnsAnswer(query).rcode(rcode).soa("net", 900, 30));
  };
  auto answer = mx("example.net");
  EXPECT_EQ(answer.status, Status::no_name);
  EXPECT_EQ(answer.ttl, 30s);
  rcode = 0;
  clock_.now += 29s;
  EXPECT_EQ(mx("example.net").status, Status::no_name);
  clock_.now += 1s;
  EXPECT_EQ(mx("example.net").status, Status::no_data);
}

TEST_F(CachingResolverTest, RemembersWhatIsNotThereAtMostAnHour) {
  transport_.answer = [&](const std::string& query) {
    return bytes(DnsAnswer(query).rcode(3).soa("net", 86400, 86400));
  };
  EXPECT_EQ(mx("example.net").ttl, 1h);
}

TEST_F(CachingResolverTest, DoesNotRememberAMissingNameWithoutSoa) {
  transport_.answer = [&](const std::string& query) { return bytes(DnsAnswer(query).rcode(3)); };
  EXPECT_EQ(mx("example.net").status, Status::no_name);
  EXPECT_EQ(resolver_.cached(), 0U);
}

TEST_F(CachingResolverTest, NeverRemembersFailures) {
  transport_.answer = [](const std::string&) { return Transport::Reply{.bytes = {}, .failure = "timed out"}; };
  auto answer = mx("example.net");
  EXPECT_EQ(answer.status, Status::temporary);
  EXPECT_EQ(answer.why, "timed out");
  transport_.answer = [](const std::string& query) { return bytes(DnsAnswer(query).rcode(2)); };
  EXPECT_EQ(mx("example.net").why, "SERVFAIL");
  transport_.answer = [](const std::string&) { return Transport::Reply{.bytes = "garbage", .failure = {}}; };
  EXPECT_EQ(mx("example.net").why, "malformed answer (too short)");
  EXPECT_EQ(transport_.asked.size(), 3U);
}

TEST_F(CachingResolverTest, AReferralIsNotAMissingRecord) {
  transport_.answer = [](const std::string& query) {
    return bytes(DnsAnswer(query).authority("net", 2, 60, testing::wire_name("ns.net")));
  };
  EXPECT_EQ(mx("example.net").status, Status::temporary);
}

TEST_F(CachingResolverTest, FollowsCnamesInsideTheAnswer) {
  transport_.answer = [](const std::string& query) {
    return bytes(DnsAnswer(query)
                     .cname("b.example.net", 50, "c.example.net")
                     .cname("a.example.net", 100, "b.example.net")
                     .address("c.example.net", 300, "192.0.2.3"));
  };
  const auto answer = a("a.example.net");
  EXPECT_THAT(answer.records, ElementsAre(*base::IpAddress::parse("192.0.2.3")));
  EXPECT_EQ(answer.canonical_name, "c.example.net");
  EXPECT_EQ(answer.ttl, 50s);
  EXPECT_EQ(transport_.asked.size(), 1U);
}

TEST_F(CachingResolverTest, AsksForTheTargetOfACname) {
  transport_.answer = [](const std::string& query) {
    if (testing::asked_name(query) == "a.example.net")
      return bytes(DnsAnswer(query).authentic().cname("a.example.net", 10, "b.example.org"));
    return bytes(DnsAnswer(query).address("b.example.org", 300, "192.0.2.3"));
  };
  const auto answer = a("a.example.net");
  EXPECT_EQ(answer.status, Status::found);
  EXPECT_EQ(answer.canonical_name, "b.example.org");
  EXPECT_EQ(answer.ttl, 10s);
  EXPECT_FALSE(answer.authentic) << "only one of the two answers was";
  EXPECT_THAT(transport_.asked, ElementsAre("a.example.net", "b.example.org"));
}

TEST_F(CachingResolverTest, ACnameToNothingIsNoName) {
  transport_.answer = [](const std::string& query) {
    return bytes(DnsAnswer(query).rcode(3).cname("a.example.net", 10, "gone.example.net").soa("net", 60, 60));
  };
  EXPECT_EQ(a("a.example.net").status, Status::no_name);
}

TEST_F(CachingResolverTest, ACnameWithoutThisTypeIsNoData) {
  transport_.answer = [](const std::string& query) {
    return bytes(DnsAnswer(query).cname("a.example.net", 10, "b.example.net").soa("net", 60, 60));
  };
  EXPECT_EQ(a("a.example.net").status, Status::no_data);
}

TEST_F(CachingResolverTest, StopsCnameLoops) {
  transport_.answer = [](const std::string& query) {
    return bytes(DnsAnswer(query).cname("a.net", 10, "b.net").cname("b.net", 10, "a.net"));
  };
  EXPECT_EQ(a("a.net").why, "too many CNAMEs");
  EXPECT_EQ(transport_.asked.size(), 1U);

  transport_.asked.clear();
  transport_.answer = [](const std::string& query) {  // each answer leads on
    const auto name = testing::asked_name(query);
    return bytes(DnsAnswer(query).cname(name, 10, "x." + name));
  };
  EXPECT_EQ(a("a.net").why, "too many CNAMEs");
  EXPECT_EQ(transport_.asked.size(), 17U);
}

TEST_F(CachingResolverTest, AsksAgainWithoutEdnsWhereTheServerIsTooOld) {
  transport_.answer = [](const std::string& query) {
    if (query[11] == '\1') return bytes(DnsAnswer(query).rcode(1));
    return bytes(DnsAnswer(query).mx("example.net", 60, 1, "mx.example.net"));
  };
  EXPECT_EQ(mx("example.net").status, Status::found);
  EXPECT_THAT(transport_.had_edns, ElementsAre(true, false));
  transport_.answer = [](const std::string& query) { return bytes(DnsAnswer(query).rcode(1)); };
  EXPECT_EQ(mx("example.org").status, Status::temporary);
}

TEST_F(CachingResolverTest, EqualQuestionsAtOneTimeShareOneExchange) {
  transport_.answer = [](const std::string& query) {
    return bytes(DnsAnswer(query).mx("example.net", 0, 1, "mx.example.net"));
  };
  boost::asio::io_context io;
  int found = 0;
  for (const std::string name : {"example.net", "EXAMPLE.net", "example.net.", "other.net"}) {
    boost::asio::co_spawn(io, resolver_.mx(name), [&](std::exception_ptr, Answer<Mx> answer) {
      if (answer.status == Status::found) ++found;
    });
  }
  io.run();
  EXPECT_EQ(found, 3);
  EXPECT_THAT(transport_.asked, ElementsAre("example.net", "other.net"));
}

TEST_F(CachingResolverTest, WaitersEndWhenTheExchangeThrows) {
  transport_.answer = [](const std::string&) -> Transport::Reply { throw std::runtime_error("stopped"); };
  boost::asio::io_context io;
  std::vector<std::string> ends;
  for (int i = 0; i < 2; ++i) {
    boost::asio::co_spawn(io, resolver_.mx("example.net"), [&](std::exception_ptr error, Answer<Mx> answer) {
      ends.push_back(error ? "thrown" : answer.why);
    });
  }
  io.run();
  EXPECT_THAT(ends, ::testing::UnorderedElementsAre("thrown", "cancelled"));
}

TEST_F(CachingResolverTest, ForgetsTheLeastRecentlyUsed) {
  transport_.answer = [](const std::string& query) {
    return bytes(DnsAnswer(query).mx(testing::asked_name(query), 60, 1, "mx"));
  };
  for (const std::string name : {"a", "b", "c", "a", "d"}) mx(name);
  EXPECT_EQ(resolver_.cached(), 3U);
  transport_.asked.clear();
  for (const std::string name : {"a", "c", "d", "b"}) mx(name);
  EXPECT_THAT(transport_.asked, ElementsAre("b"));
}

TEST_F(CachingResolverTest, FlushForgetsAlsoWhatIsUnderWay) {
  transport_.answer = [this](const std::string& query) {
    resolver_.flush();
    return bytes(DnsAnswer(query).mx("example.net", 60, 1, "mx"));
  };
  EXPECT_EQ(mx("example.net").status, Status::found);
  EXPECT_EQ(resolver_.cached(), 0U);
}

TEST_F(CachingResolverTest, BelievesTheAdBitOnlyWhereSettingsSay) {
  transport_.answer = [](const std::string& query) {
    return bytes(DnsAnswer(query).authentic().mx("example.net", 60, 1, "mx"));
  };
  struct Case {
    TrustAd trust;
    const char* server;
    bool authentic;
  };
  for (const auto& [trust, server, authentic] : std::vector<Case>{{TrustAd::automatic, "127.0.0.1:53", true},
                                                                  {TrustAd::automatic, "192.0.2.1:53", false},
                                                                  {TrustAd::yes, "192.0.2.1:53", true},
                                                                  {TrustAd::no, "127.0.0.1:53", false}}) {
    const Settings settings{.servers = {*base::Endpoint::parse(server)}, .trust_ad = trust};
    CachingResolver resolver(transport_, clock_, settings);
    EXPECT_EQ(run_awaitable(resolver.mx("example.net")).authentic, authentic) << server;
  }
  CachingResolver of_the_system(transport_, clock_, Settings{});
  EXPECT_FALSE(run_awaitable(of_the_system.mx("example.net")).authentic);
}

TEST_F(CachingResolverTest, ANameThatCannotBeAskedForIsNoName) {
  EXPECT_EQ(mx("a..b").status, Status::no_name);
  EXPECT_EQ(mx("").status, Status::no_name);
  EXPECT_TRUE(transport_.asked.empty());
}

TEST_F(CachingResolverTest, AsksForNamesOfAddresses) {
  transport_.answer = [](const std::string& query) {
    return bytes(DnsAnswer(query).record("1.2.0.192.in-addr.arpa", 12, 60, testing::wire_name("host.example.net")));
  };
  const auto answer = run_awaitable(resolver_.ptr(*base::IpAddress::parse("192.0.2.1")));
  EXPECT_THAT(answer.records, ElementsAre("host.example.net"));
}

TEST(ResolvConf, SaysWhetherTheAdBitMayBeTrusted) {
  EXPECT_TRUE(resolv_conf_trusts_ad("")) << "none: 127.0.0.1";
  EXPECT_TRUE(resolv_conf_trusts_ad("# local\nnameserver 127.0.0.53\n"));
  EXPECT_TRUE(resolv_conf_trusts_ad("nameserver\t::1\noptions edns0"));
  EXPECT_FALSE(resolv_conf_trusts_ad("nameserver 127.0.0.1\nnameserver 192.0.2.1\n"));
  EXPECT_TRUE(resolv_conf_trusts_ad("nameserver 192.0.2.1\noptions edns0 trust-ad\n"));
  EXPECT_FALSE(resolv_conf_trusts_ad("nameserver what\n"));
}

TEST_F(CachingResolverTest, TlsaRecordsAreRead) {
  transport_.answer = [](const std::string& query) {
    return bytes(DnsAnswer(query).authentic().record("_25._tcp.mx.example.net", 52, 300, std::string("\3\1\1xyz", 6)));
  };
  const auto answer = run_awaitable(resolver_.tlsa("_25._tcp.mx.example.net"));
  EXPECT_TRUE(answer.authentic);
  EXPECT_THAT(answer.records, ElementsAre(Tlsa{.usage = 3, .selector = 1, .matching = 1, .data = "xyz"}));
}

TEST_F(CachingResolverTest, AnAliasIsAskedForItself) {
  transport_.answer = [](const std::string& query) {
    return bytes(DnsAnswer(query).record("mx.example.net", 5, 300, testing::wire_name("real.example.org")));
  };
  EXPECT_THAT(run_awaitable(resolver_.cname("mx.example.net")).records, ElementsAre("real.example.org"));
}

TEST_F(CachingResolverTest, TheRootShowsWhetherAnswersAreValidated) {
  const auto ask = [&](Settings settings) {
    CachingResolver resolver(transport_, clock_, settings);
    return run_awaitable(resolver.validation());
  };
  const auto root = [](const std::string& query) {
    return DnsAnswer(query).record("", 2, 300, testing::wire_name("ns.example"));
  };
  transport_.answer = [&](const std::string& query) { return bytes(root(query).authentic()); };
  EXPECT_EQ(ask(settings_), Validation::works);
  EXPECT_EQ(ask({.servers = settings_.servers, .trust_ad = TrustAd::no}), Validation::untrusted);
  transport_.answer = [&](const std::string& query) { return bytes(root(query)); };
  EXPECT_EQ(ask(settings_), Validation::missing);
  transport_.answer = [](const std::string&) { return Transport::Reply{.bytes = {}, .failure = "timed out"}; };
  EXPECT_EQ(ask(settings_), Validation::unknown);
  EXPECT_THAT(transport_.asked, ElementsAre("", "", ""));
}

}  // namespace
}  // namespace godwit::dns

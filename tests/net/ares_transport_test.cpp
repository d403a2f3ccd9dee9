// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/ares_transport.hpp"

#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <set>

#include <gmock/gmock.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "godwit/dns/caching_resolver.hpp"
#include "godwit/dns/message.hpp"
#include "support/dns_answer.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::net {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using boost::asio::ip::udp;
using testing::DnsAnswer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::run_awaitable;
using testing::wire16;

// A DNS server on one loopback port, UDP and TCP: `over_udp` gives the datagrams to send back, `over_tcp` the message.
class Responder {
 public:
  explicit Responder(boost::asio::io_context& io) : udp_(io), acceptor_(io), stream_(io) {
    bind_both();
    receive();
    accept();
  }

  base::Endpoint endpoint() const {
    return {.address = base::IpAddress::v4({127, 0, 0, 1}), .port = udp_.local_endpoint().port(), .unix_path = {}};
  }

  std::function<std::vector<std::string>(const std::string&)> over_udp = [](const std::string&) {
    return std::vector<std::string>{};
  };
  std::function<std::string(const std::string&)> over_tcp = [](const std::string&) { return std::string(); };
  std::vector<std::string> udp_queries;
  int tcp_queries = 0;

 private:
  // A port that is free for UDP may be taken for TCP.
  void bind_both() {
    const auto loopback = boost::asio::ip::address_v4::loopback();
    boost::system::error_code taken;
    do {
      udp_ = udp::socket(udp_.get_executor(), udp::endpoint(loopback, 0));
      acceptor_ = tcp::acceptor(acceptor_.get_executor());
      acceptor_.open(tcp::v4());
      acceptor_.bind(tcp::endpoint(loopback, udp_.local_endpoint().port()), taken);
    } while (taken);
    acceptor_.listen();
  }

  void receive() {
    udp_.async_receive_from(boost::asio::buffer(datagram_), peer_,
                            [this](const boost::system::error_code& error, std::size_t size) {
                              if (error) return;
                              udp_queries.emplace_back(datagram_.data(), size);
                              for (const auto& answer : over_udp(udp_queries.back()))
                                udp_.send_to(boost::asio::buffer(answer), peer_);
                              receive();
                            });
  }

  void accept() {
    acceptor_.async_accept(stream_, [this](const boost::system::error_code& error) {
      if (!error) read_query();
    });
  }

  void read_query() {
    boost::asio::async_read(
        stream_, boost::asio::buffer(length_), [this](const boost::system::error_code& error, std::size_t) {
          if (error) return;
          tcp_query_.resize(length_[0] * 256U + length_[1]);
          boost::asio::async_read(
              stream_, boost::asio::buffer(tcp_query_), [this](const boost::system::error_code& failed, std::size_t) {
                if (failed) return;
                ++tcp_queries;
                const auto answer = over_tcp(tcp_query_);
                boost::asio::write(stream_, boost::asio::buffer(wire16(static_cast<unsigned>(answer.size())) + answer));
              });
        });
  }

  udp::socket udp_;
  tcp::acceptor acceptor_;
  tcp::socket stream_;
  udp::endpoint peer_;
  std::array<char, 4096> datagram_{};
  std::array<unsigned char, 2> length_{};
  std::string tcp_query_;
};

class AresTransportTest : public ::testing::Test {
 protected:
  AresTransport& transport(std::vector<base::Endpoint> servers, base::Duration timeout = 5s) {
    settings_.servers = std::move(servers);
    settings_.timeout = timeout;
    transport_.emplace(io_.get_executor(), settings_, random_);
    return *transport_;
  }
  dns::Transport::Reply exchange(const std::string& query) { return run_awaitable(io_, transport_->exchange(query)); }

  boost::asio::io_context io_;
  base::SeededRandom random_{1};
  dns::Settings settings_;
  std::optional<AresTransport> transport_;
  Responder server_{io_};
  const std::string query_ = *dns::build_query({.name = "example.net", .type = dns::Type::mx});
};

std::vector<std::string> one_mx(const std::string& query) {
  return {DnsAnswer(query).mx("example.net", 300, 10, "mx.example.net").bytes()};
}

TEST_F(AresTransportTest, BringsTheAnswer) {
  server_.over_udp = one_mx;
  transport({server_.endpoint()});
  const auto reply = exchange(query_);
  EXPECT_EQ(reply.failure, "");
  EXPECT_EQ(reply.bytes, one_mx(server_.udp_queries.at(0)).at(0));
  EXPECT_EQ(server_.udp_queries.at(0).substr(2), query_.substr(2)) << "as built, but for the id";
}

TEST_F(AresTransportTest, DrawsAnIdForEachQuery) {
  server_.over_udp = one_mx;
  transport({server_.endpoint()});
  std::set<std::string> ids;
  for (int i = 0; i < 20; ++i) exchange(query_);
  for (const auto& query : server_.udp_queries) ids.insert(query.substr(0, 2));
  EXPECT_GE(ids.size(), 19U);
}

TEST_F(AresTransportTest, NamesInRandomCaseMustComeBackSo) {
  settings_.randomize_case = true;
  server_.over_udp = one_mx;
  transport({server_.endpoint()});
  std::set<std::string> questions;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(exchange(query_).failure, "");
  for (const auto& query : server_.udp_queries) questions.insert(query.substr(12));
  EXPECT_GT(questions.size(), 15U);
  server_.over_udp = [this](const std::string& query) { return one_mx(query.substr(0, 12) + query_.substr(12)); };
  const auto forged = exchange(query_);
  EXPECT_EQ(forged.bytes, "");
  EXPECT_THAT(forged.failure, HasSubstr("does not repeat"));
}

TEST_F(AresTransportTest, SilenceTimesOut) {
  transport({server_.endpoint()}, 20ms);
  const auto reply = exchange(query_);
  EXPECT_EQ(reply.failure, "timed out");
  EXPECT_EQ(reply.bytes, "");
  io_.restart();
  io_.poll();  // what the responder has not read yet
  EXPECT_EQ(server_.udp_queries.size(), 2U) << "two tries";
}

TEST_F(AresTransportTest, DropsGarbageAndAnswersToOtherQuestions) {
  server_.over_udp = [](const std::string& query) {
    auto wrong_id = one_mx(query).at(0);
    wrong_id[0] = static_cast<char>(wrong_id[0] ^ 1);
    auto other_name = one_mx(query).at(0);
    other_name[14] = 'y';
    return std::vector<std::string>{"", "?", std::string(600, '\xff'), wrong_id, other_name, one_mx(query).at(0)};
  };
  transport({server_.endpoint()});
  const auto reply = exchange(query_);
  EXPECT_EQ(reply.bytes, one_mx(server_.udp_queries.at(0)).at(0));
}

TEST_F(AresTransportTest, OnlyWrongIdsIsSilence) {
  server_.over_udp = [](const std::string& query) {
    auto wrong = one_mx(query);
    wrong.at(0)[1] = static_cast<char>(wrong.at(0)[1] ^ 1);
    return wrong;
  };
  transport({server_.endpoint()}, 20ms);
  EXPECT_EQ(exchange(query_).failure, "timed out");
}

TEST_F(AresTransportTest, TruncatedIsAskedAgainOverTcp) {
  const auto large = [](const std::string& query) {
    DnsAnswer answer(query);
    for (int i = 0; i < 200; ++i) answer.mx("example.net", 300, 10, "mx" + std::to_string(i) + ".example.net");
    return answer.bytes();
  };
  server_.over_udp = [](const std::string& query) {
    return std::vector<std::string>{DnsAnswer(query).truncated().bytes()};
  };
  server_.over_tcp = large;
  transport({server_.endpoint()});
  const auto reply = exchange(query_);
  EXPECT_EQ(reply.bytes, large(server_.udp_queries.at(0)));
  EXPECT_EQ(server_.tcp_queries, 1);
}

TEST_F(AresTransportTest, AnswersUpToTheEdnsSizeNeedNoTcp) {
  server_.over_udp = [](const std::string& query) {
    DnsAnswer answer(query);
    for (int i = 0; i < 20; ++i) answer.mx("example.net", 300, 10, "mx" + std::to_string(i) + ".example.net");
    return std::vector<std::string>{answer.bytes()};
  };
  transport({server_.endpoint()});
  EXPECT_GT(exchange(query_).bytes.size(), 512U);
  EXPECT_EQ(server_.tcp_queries, 0);
}

TEST_F(AresTransportTest, TheNextServerAnswersWhereTheFirstDoesNot) {
  server_.over_udp = one_mx;
  Responder failing(io_);
  failing.over_udp = [](const std::string& query) {
    return std::vector<std::string>{DnsAnswer(query).rcode(2).bytes()};
  };
  Responder silent(io_);
  transport({silent.endpoint(), failing.endpoint(), server_.endpoint()}, 200ms);
  EXPECT_EQ(exchange(query_).failure, "");
}

TEST_F(AresTransportTest, BringsWhatASingleServerSays) {
  server_.over_udp = [](const std::string& query) {
    return std::vector<std::string>{DnsAnswer(query).rcode(2).bytes()};
  };
  transport({server_.endpoint()});
  const auto reply = exchange(query_);
  EXPECT_EQ(reply.bytes, DnsAnswer(server_.udp_queries.at(0)).rcode(2).bytes());
}

TEST_F(AresTransportTest, AClosedPortIsAFailureAtOnce) {
  base::Endpoint closed;
  {
    Responder gone(io_);
    closed = gone.endpoint();
  }
  transport({closed});
  EXPECT_THAT(exchange(query_).failure, HasSubstr("no DNS server gave an answer"));
}

TEST_F(AresTransportTest, ManyQueriesAtOnce) {
  server_.over_udp = one_mx;
  auto& carrier = transport({server_.endpoint()});
  int answered = 0;
  for (int i = 0; i < 100; ++i) {
    boost::asio::co_spawn(io_, carrier.exchange(query_), [&](std::exception_ptr, const dns::Transport::Reply& reply) {
      if (!reply.bytes.empty() && ++answered == 100) io_.stop();
    });
  }
  io_.run_for(10s);
  EXPECT_EQ(answered, 100);
}

TEST_F(AresTransportTest, QueriesUnderWayEndAsCancelledWhenItGoes) {
  auto& carrier = transport({server_.endpoint()});
  std::vector<std::string> ends;
  for (int i = 0; i < 2; ++i) {
    boost::asio::co_spawn(io_, carrier.exchange(query_), [&](std::exception_ptr, const dns::Transport::Reply& reply) {
      ends.push_back(reply.failure);
      if (ends.size() == 2) io_.stop();
    });
  }
  while (server_.udp_queries.size() < 2 && io_.run_one() > 0) {
  }
  transport_.reset();
  io_.run_for(10s);
  EXPECT_THAT(ends, ElementsAre("cancelled", "cancelled"));
}

TEST_F(AresTransportTest, GoesAwayWithTheLoopWhileQueriesWait) {
  auto& carrier = transport({server_.endpoint()});
  boost::asio::co_spawn(io_, carrier.exchange(query_), [](std::exception_ptr, const dns::Transport::Reply&) {});
  while (server_.udp_queries.empty() && io_.run_one() > 0) {
  }
  transport_.reset();  // the loop never runs again: the sanitizers watch for what is left
}

TEST_F(AresTransportTest, TheSystemsServersAreAValidChoice) {
  EXPECT_NO_THROW(transport({}));
}

TEST_F(AresTransportTest, UnderTheCachingResolver) {
  server_.over_udp = [](const std::string& query) {
    return std::vector<std::string>{DnsAnswer(query).authentic().mx("example.net", 300, 10, "mx.example.net").bytes()};
  };
  auto& carrier = transport({server_.endpoint()});
  const base::SystemClock clock;
  dns::CachingResolver resolver(carrier, clock, settings_);
  for (int i = 0; i < 2; ++i) {
    const auto answer = run_awaitable(io_, resolver.mx("example.net"));
    EXPECT_THAT(answer.records, ElementsAre(dns::Mx{10, "mx.example.net"}));
    EXPECT_TRUE(answer.authentic);
  }
  EXPECT_EQ(server_.udp_queries.size(), 1U);
}

TEST(DecideTrustAd, ReadsResolvConfWhereTheSystemsServersAreUsed) {
  const auto path = std::filesystem::path(::testing::TempDir()) / ("resolv.conf." + std::to_string(::getpid()));
  std::ofstream(path) << "nameserver 192.0.2.1\n";
  EXPECT_EQ(decide_trust_ad({}, path), dns::TrustAd::no);
  std::ofstream(path) << "nameserver 127.0.0.53\n";
  EXPECT_EQ(decide_trust_ad({}, path), dns::TrustAd::yes);
  std::filesystem::remove(path);
  EXPECT_EQ(decide_trust_ad({}, path), dns::TrustAd::yes) << "absent: 127.0.0.1 is asked";
  EXPECT_EQ(decide_trust_ad({.servers = {*base::Endpoint::parse("192.0.2.1:53")}}), dns::TrustAd::no);
  EXPECT_EQ(decide_trust_ad({.servers = {}, .trust_ad = dns::TrustAd::no}, path), dns::TrustAd::no);
}

}  // namespace
}  // namespace godwit::net

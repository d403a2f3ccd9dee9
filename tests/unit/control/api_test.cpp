// SPDX-License-Identifier: Apache-2.0
#include "control/api.hpp"

#include <gmock/gmock.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "support/run_awaitable.hpp"
#include "unit/control/fake_backend.hpp"

namespace godwit::control {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string known = base::to_string(first_id);
const std::string unknown = "0000000000001";

class Api : public ::testing::Test {
 protected:
  Response ask(std::string method, std::string target) {
    auto answer = handle(backend, {std::move(method), std::move(target), {}});
    return godwit::testing::run_awaitable(std::move(answer));
  }
  boost::json::value get(std::string target) {
    const Response response = ask("GET", std::move(target));
    EXPECT_EQ(response.status, 200U) << response.body;
    return boost::json::parse(response.body);
  }

  // Sends `body` in pieces of `size` bytes.
  Response import(std::string body, std::size_t size, std::size_t envelope) {
    std::string piece;
    spool::Pieces pieces = [&]() -> Task<std::string_view> {
      piece = body.substr(0, size);
      body.erase(0, size);
      co_return std::string_view(piece);
    };
    Request request{"POST", "/v1/queue/import?envelope=" + std::to_string(envelope), std::move(pieces)};
    auto answer = handle(backend, std::move(request));
    return godwit::testing::run_awaitable(std::move(answer));
  }

  FakeBackend backend;
};

TEST_F(Api, StatusHasTheKeysThatScriptsRelyOn) {
  const auto status = get("/v1/status");
  EXPECT_EQ(status.at("version"), "1.2.3");
  EXPECT_EQ(status.at("uptime"), 61);
  EXPECT_EQ(status.at("healthy"), true);
  EXPECT_EQ(status.at_pointer("/queue/messages"), 2);
  EXPECT_EQ(status.at_pointer("/queue/waiting"), 1);
  EXPECT_EQ(status.at_pointer("/queue/active"), 1);
  EXPECT_EQ(status.at_pointer("/queue/held"), 1);
  EXPECT_EQ(status.at_pointer("/queue/due"), 0);
  EXPECT_EQ(status.at_pointer("/connections/in"), 4);
  EXPECT_EQ(status.at_pointer("/connections/out"), 5);
  EXPECT_EQ(status.at_pointer("/listeners/0"), "127.0.0.1:25");
  EXPECT_EQ(status.at_pointer("/dns/validation"), "works");
  EXPECT_EQ(status.at_pointer("/tls/certificates/0/subject"), "CN=mail");
  EXPECT_EQ(status.at_pointer("/tls/certificates/0/expires"), "1970-01-01T12:00:00.000Z");
  EXPECT_EQ(status.at_pointer("/tls/certificates/0/error"), "unreadable");
  EXPECT_EQ(status.at_pointer("/tls/certificates/0/out_of_date"), "expired");
}

TEST_F(Api, StatusTellsOfTheAudit) {
  EXPECT_EQ(get("/v1/status").at_pointer("/queue/audit/checked"), 6);
  EXPECT_EQ(get("/v1/status").at_pointer("/queue/audit/errors"), 0);
}

TEST_F(Api, StatusHasTotalsAndTheTimeOfAcceptance) {
  const auto status = get("/v1/status");
  for (const char* name : {"accepted", "accepted_bytes", "delivered", "deferred", "bounced", "expired", "deleted",
                           "discarded", "rejected", "put_off"})
    EXPECT_EQ(status.at("totals").at(name), 0) << name;
  EXPECT_EQ(status.at_pointer("/totals/delivered"), 0);
  EXPECT_TRUE(status.at_pointer("/accept_time/counts").is_array());
}

TEST_F(Api, TheBusiestAreNamed) {
  const auto found = get("/v1/busiest");
  EXPECT_EQ(found.at_pointer("/destinations/0/name"), "google");
  EXPECT_EQ(found.at_pointer("/destinations/0/due"), 7);
  EXPECT_EQ(found.at("down"), 1);
}

TEST_F(Api, TheLogIsReadOnWhereItWasLeft) {
  const auto found = get("/v1/log?level=warn&after_line=7&limit=5");
  EXPECT_THAT(backend.asked, ElementsAre("log after 7 warn 5"));
  EXPECT_EQ(found.at_pointer("/lines/0/number"), 8);
  EXPECT_EQ(found.at_pointer("/lines/0/line"), "deferred \xEF\xBF\xBD<b>");
  EXPECT_EQ(found.at("next"), 9);
  EXPECT_EQ(ask("GET", "/v1/log?level=loud").status, 400U);
  EXPECT_EQ(ask("GET", "/v1/log?after_line=x").status, 400U);
}

TEST_F(Api, TheConfigurationIsShown) {
  const auto found = get("/v1/configuration");
  EXPECT_EQ(found.at("file"), "/etc/godwit/godwit.yaml");
  EXPECT_EQ(found.at_pointer("/files/0/text"), "hostname: mail\n");
  EXPECT_EQ(found.at_pointer("/values/0/default"), "0");
}

TEST_F(Api, ADraftOfTheConfigurationIsChecked) {
  const auto check = [this](std::string draft) {
    std::string rest = std::move(draft), piece;
    spool::Pieces pieces = [&]() -> Task<std::string_view> {
      piece = rest.substr(0, 1000);
      rest.erase(0, 1000);
      co_return std::string_view(piece);
    };
    auto answer = handle(backend, {"POST", "/v1/configuration/check", std::move(pieces)});
    return godwit::testing::run_awaitable(std::move(answer));
  };
  const auto found = boost::json::parse(check("threads: 4\n").body);
  EXPECT_EQ(found.at_pointer("/warnings/0"), "f:1:1: late");
  EXPECT_EQ(found.at_pointer("/differences/0/after"), "4");
  check("");
  EXPECT_THAT(backend.asked, ElementsAre("check threads: 4\n", "check the files"));
  EXPECT_EQ(check(std::string((1U << 20U) + 1, ' ')).status, 413U);
}

TEST_F(Api, DestinationsShowLimitsAndWhyMailWaits) {
  const auto page = get("/v1/destinations?limit=5&after_name=a%2Cb");
  EXPECT_THAT(backend.asked, ElementsAre("destinations 5 after \"a,b\""));
  EXPECT_EQ(boost::json::serialize(page.at_pointer("/destinations/0")),
            R"J({"name":"google","state":"full","reason":"limit of connections (2 of 2)","next":null,)J"
            R"("domain_count":2,"domains":["a.example","b.example"],"waiting":0,"due":7,"active":1,"held":0,)"
            R"("connections":2,"connections_now":2,"connections_limit":20,"rate":"100/1m"})");
  EXPECT_EQ(page.at("next"), "google");
  EXPECT_EQ(boost::json::serialize(page.at_pointer("/suspensions/0")),
            R"({"destination":"b.example","until":"1970-01-01T12:00:00.000Z","reason":"they asked"})");
}

TEST_F(Api, DeliveryIsSuspendedAndResumed) {
  EXPECT_EQ(ask("POST", "/v1/delivery/suspend").status, 200U);
  EXPECT_EQ(ask("POST", "/v1/delivery/suspend?destination=A.example&for=2h&reason=they%20asked").status, 200U);
  EXPECT_EQ(ask("POST", "/v1/delivery/resume?destination=a.example").status, 200U);
  EXPECT_EQ(ask("POST", "/v1/delivery/resume?destination=unknown").status, 404U);
  EXPECT_EQ(ask("POST", "/v1/delivery/suspend?for=tomorrow").status, 400U);
  EXPECT_EQ(ask("POST", "/v1/delivery/suspend?for=0").status, 400U);
  EXPECT_THAT(backend.asked, ElementsAre("suspend \"\" 0s ", "suspend \"a.example\" 2h they asked",
                                         "resume \"a.example\"", "resume \"unknown\""));
}

TEST_F(Api, LimitsAreListedAndReset) {
  EXPECT_EQ(boost::json::serialize(get("/v1/limits?limit=1&after_rank=3")),
            R"({"limits":[{"by":"sender","of":"messages","rate":"2/1h","key":"a@a.example","used":2,"allowed":2,)"
            R"("next":"1970-01-01T12:00:00.000Z","unused":"1970-01-01T12:00:00.000Z"}],"next":4})");
  EXPECT_TRUE(get("/v1/limits?limit=2").at("next").is_null());
  EXPECT_EQ(ask("GET", "/v1/limits?after_rank=10000001").status, 400U);
  EXPECT_EQ(ask("POST", "/v1/limits/reset?name=a@a.example").status, 200U);
  EXPECT_EQ(ask("POST", "/v1/limits/reset?name=b@a.example").status, 404U);
  EXPECT_EQ(ask("POST", "/v1/limits/reset").status, 400U);
  EXPECT_THAT(backend.asked,
              ElementsAre("limits 1 after 3", "limits 2 after 0", "reset a@a.example", "reset b@a.example"));
}

TEST_F(Api, LockoutsAreListedAndLifted) {
  EXPECT_EQ(boost::json::serialize(get("/v1/lockouts?limit=2&after_name=0")),
            R"({"lockouts":[{"name":"192.0.2.1/32","kind":"network","failures":10,"until":"1970-01-01T12:00:00.000Z"},)"
            R"({"name":"alice@example.com","kind":"account","failures":50,"until":"1970-01-01T12:00:00.000Z"}],)"
            R"("next":"alice@example.com"})");
  EXPECT_TRUE(get("/v1/lockouts?limit=5").at("next").is_null());
  EXPECT_EQ(ask("POST", "/v1/lockouts/unlock?name=192.0.2.1").status, 200U);
  EXPECT_EQ(ask("POST", "/v1/lockouts/unlock?name=192.0.2.2").status, 404U);
  EXPECT_EQ(ask("POST", "/v1/lockouts/unlock").status, 400U);
  EXPECT_THAT(backend.asked,
              ElementsAre("lockouts 2 after \"0\"", "lockouts 5 after \"\"", "unlock 192.0.2.1", "unlock 192.0.2.2"));
}

TEST_F(Api, SuppressedAddressesAreListedAddedAndRemoved) {
  EXPECT_EQ(boost::json::serialize(get("/v1/suppression?limit=1&after_name=0@x.example")),
            R"({"suppressions":[{"address":"a@x.example","class":"bad_mailbox","source":"bounce","reason":"550 no",)"
            R"("added":"1970-01-01T12:00:00.000Z","expires":"1970-01-01T12:00:00.000Z"}],"next":"a@x.example"})");
  EXPECT_TRUE(get("/v1/suppression?limit=2").at("next").is_null());
  EXPECT_EQ(ask("POST", "/v1/suppression/add?name=b@x.example&for=2h&reason=asked").status, 200U);
  EXPECT_EQ(ask("POST", "/v1/suppression/add").status, 400U);
  EXPECT_EQ(ask("POST", "/v1/suppression/remove?name=a@x.example").status, 200U);
  EXPECT_EQ(ask("POST", "/v1/suppression/remove?name=b@x.example").status, 404U);
  EXPECT_THAT(backend.asked,
              ElementsAre("suppressions 1 after \"0@x.example\"", "suppressions 2 after \"\"",
                          "suppress b@x.example 2h asked", "unsuppress a@x.example", "unsuppress b@x.example"));
}

TEST_F(Api, StoppedAccountsAreReleasedAndPurged) {
  const auto released = ask("POST", "/v1/accounts/release?name=alice@example.com");
  EXPECT_EQ(released.status, 200U);
  EXPECT_NE(released.body.find("\"count\":3"), std::string::npos) << released.body;
  EXPECT_EQ(ask("POST", "/v1/accounts/release?name=bob@example.com").status, 404U);
  EXPECT_EQ(ask("POST", "/v1/accounts/purge?name=alice@example.com").status, 200U);
  EXPECT_EQ(ask("POST", "/v1/accounts/purge").status, 400U);
  EXPECT_THAT(backend.asked, ElementsAre("release account alice@example.com", "release account bob@example.com",
                                         "purge account alice@example.com"));
}

TEST_F(Api, ACertificateIsOrderedOnceAtATime) {
  EXPECT_EQ(ask("POST", "/v1/tls/renew").status, 202U);
  EXPECT_EQ(ask("POST", "/v1/tls/renew").status, 409U);
}

TEST_F(Api, ReportsOnTlsAreSentAndCounted) {
  const auto answer = ask("POST", "/v1/tlsrpt/send");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.body, "{\"reports\":3,\"failed\":1}\n");
}

TEST_F(Api, ReportsOfDmarcAreShownSentAndSummedUp) {
  EXPECT_EQ(ask("POST", "/v1/dmarc/send").body, "{\"reports\":2,\"failed\":1}\n");
  EXPECT_EQ(get("/v1/dmarc/reports").at_pointer("/reports/0/messages"), 5);
  EXPECT_EQ(get("/v1/dmarc/reports?limit=1").at("next"), "1970-01-01 x.example");
  EXPECT_TRUE(get("/v1/dmarc/reports?limit=2&after_name=1970-01-02%20b.example").at("next").is_null());
  EXPECT_EQ(ask("GET", "/v1/dmarc/reports?after_name=b.example").status, 400U);
  const auto summary = get("/v1/dmarc/summary?name=x.example&for=7d");
  EXPECT_EQ(summary.at_pointer("/domains/0/sources/0/passed"), 3);
  EXPECT_EQ(summary.at_pointer("/domains/0/organizations/0"), "Some \xEF\xBF\xBD");
  get("/v1/dmarc/summary");
  EXPECT_EQ(ask("GET", "/v1/dmarc/summary?for=400d").status, 200U);
  EXPECT_EQ(ask("GET", "/v1/dmarc/summary?for=401d").status, 400U);
  EXPECT_THAT(backend.asked,
              ElementsAre("send_dmarc_reports", "dmarc_reports 100 after 1970-01-01 \"\"",
                          "dmarc_reports 1 after 1970-01-01 \"\"", "dmarc_reports 2 after 1970-01-02 \"b.example\"",
                          "dmarc_summary \"x.example\" 7d", "dmarc_summary \"\" 30d", "dmarc_summary \"\" 400d"));
}

TEST_F(Api, ShownDestinationsSayWhyTheyWait) {
  EXPECT_EQ(get("/v1/queue/" + known).at_pointer("/destinations/0/reason"), "waits for its retry time");
}

TEST_F(Api, WordsOfPeersThatAreNotUtf8DoNotSpoilTheAnswer) {
  backend.reply = "451 4.3.0 occup\xE9";
  EXPECT_EQ(get("/v1/queue").at_pointer("/messages/0/last_reply"), "451 4.3.0 occup\xEF\xBF\xBD");
}

TEST_F(Api, ListShowsEachMessageInALine) {
  const auto list = get("/v1/queue");
  ASSERT_EQ(list.at("messages").as_array().size(), 2U);
  EXPECT_EQ(boost::json::serialize(list.at_pointer("/messages/0")),
            R"({"id":")" + known + R"(","state":"waiting","sender":"alice@example.com","size":4711,)" +
                R"("accepted":"1970-01-01T12:00:00.000Z","attempts":2,"next_attempt":"1970-01-01T12:05:00.000Z",)" +
                R"("recipients_waiting":1,"recipients":["bob@a.example"],"last_reply":"451 4.3.0 \"later\"\r\n"})");
  EXPECT_TRUE(list.at("next").is_null());
}

TEST_F(Api, ListGoesOnWhereItStopped) {
  const auto page = get("/v1/queue?limit=1");
  EXPECT_EQ(page.at("messages").as_array().size(), 1U);
  EXPECT_EQ(page.at("next"), boost::json::value(known));
  const auto rest = get("/v1/queue?limit=1&after=" + known);
  EXPECT_EQ(rest.at_pointer("/messages/0/id"), boost::json::value(base::to_string(second_id)));
  EXPECT_TRUE(rest.at("next").is_null());
}

TEST_F(Api, ShowHasEveryRecipientAndDestination) {
  const auto shown = get("/v1/queue/" + known);
  EXPECT_EQ(shown.at_pointer("/recipients/0/state"), "waiting");
  EXPECT_TRUE(shown.at_pointer("/recipients/0/original").is_null());
  EXPECT_EQ(shown.at_pointer("/recipients/1/address"), "carol@b.example");
  EXPECT_EQ(shown.at_pointer("/recipients/1/original"), "team@example.com");
  EXPECT_EQ(shown.at_pointer("/recipients/1/state"), "delivered");
  EXPECT_TRUE(shown.at_pointer("/recipients/0/notify").is_null());
  EXPECT_EQ(shown.at_pointer("/recipients/1/notify"), "SUCCESS,DELAY");
  EXPECT_EQ(shown.at_pointer("/recipients/1/orcpt"), "rfc822;team@example.com");
  EXPECT_EQ(shown.at("envid"), "QQ314159");
  EXPECT_EQ(shown.at("ret"), "HDRS");
  EXPECT_EQ(shown.at("tls"), "required");
  EXPECT_EQ(shown.at_pointer("/destinations/0/name"), "a.example");
  EXPECT_EQ(shown.at_pointer("/destinations/0/attempts"), 2);
  EXPECT_EQ(shown.at_pointer("/client/address"), "192.0.2.1");
}

TEST_F(Api, ActionsReachTheMessageMeant) {
  EXPECT_EQ(ask("POST", "/v1/queue/" + known + "/retry").status, 200U);
  EXPECT_EQ(ask("POST", "/v1/queue/" + known + "/hold").status, 200U);
  EXPECT_EQ(ask("POST", "/v1/queue/" + known + "/release").status, 200U);
  EXPECT_EQ(ask("DELETE", "/v1/queue/" + known).body, "{\"id\":\"" + known + "\",\"done\":\"delete\"}\n");
  EXPECT_EQ(ask("POST", "/v1/queue/" + known + "/bounce?reason=closed%20for%20good%0D%0A").status, 200U);
  EXPECT_EQ(ask("POST", "/v1/queue/" + known + "/delete").status, 200U);
  EXPECT_THAT(backend.asked, ElementsAre("retry " + known, "hold " + known, "release " + known, "delete " + known,
                                         "bounce \"closed for good\r\n\" " + known, "delete " + known));
}

TEST_F(Api, ManyAreChangedPageByPage) {
  EXPECT_EQ(ask("POST", "/v1/queue/hold?destination=a.example&limit=500").body,
            "{\"done\":\"hold\",\"count\":7,\"next\":\"" + known + "\"}\n");
  EXPECT_EQ(backend.selected, (dispatch::Selector{.destination = "a.example"}));
  EXPECT_EQ(ask("POST", "/v1/queue/delete?state=held&after=" + known).body,
            "{\"done\":\"delete\",\"count\":7,\"next\":null}\n");
  EXPECT_EQ(ask("POST", "/v1/queue/retry?all=true").status, 200U);
  EXPECT_EQ(ask("POST", "/v1/queue/release?all=true").status, 200U);
  EXPECT_EQ(ask("POST", "/v1/queue/bounce?all=true&reason=x").status, 200U);
  EXPECT_THAT(backend.asked, ElementsAre("hold 500", "delete 100", "retry 100", "release 100", "bounce \"x\" 100"));
}

TEST_F(Api, SelectorsAreReadFromTheQuery) {
  get("/v1/queue?sender=%3C%3E&recipient=b%2Ab%40x.example&destination=x.example&state=HELD&older=90m");
  EXPECT_EQ(backend.selected, (dispatch::Selector{.sender = "<>",
                                                  .recipient = "b*b@x.example",
                                                  .destination = "x.example",
                                                  .state = queue::State::held,
                                                  .older = std::chrono::minutes(90)}));
}

TEST_F(Api, NobodyChangesTheWholeQueueUnawares) {
  for (const char* verb : {"retry", "hold", "release", "bounce", "delete"}) {
    EXPECT_EQ(ask("POST", std::string("/v1/queue/") + verb).status, 400U);
    EXPECT_EQ(ask("POST", std::string("/v1/queue/") + verb + "?limit=10&all=false").status, 400U);
  }
  EXPECT_THAT(backend.asked, IsEmpty());
}

TEST_F(Api, ImportReadsEnvelopeAndMessageHoweverTheyAreCut) {
  const std::string envelope = import_envelope(5), all = envelope + "Hello";
  for (const std::size_t size : {std::size_t(1), std::size_t(7), envelope.size() - 1, envelope.size(), all.size()}) {
    backend.imported_body.clear();
    const auto answer = import(all, size, envelope.size());
    EXPECT_EQ(answer.body,
              "{\"id\":\"" + known + "\",\"from\":\"" + base::to_string(second_id) + "\",\"again\":false}\n");
    EXPECT_EQ(backend.imported_body, "Hello") << size;
  }
}

TEST_F(Api, ImportOfWhatIsNoExportIs400) {
  const std::string envelope = import_envelope(5);
  EXPECT_EQ(import(envelope + "Hello", 100, envelope.size() - 1).status, 400U);
  EXPECT_EQ(import(envelope.substr(1), 100, envelope.size()).status, 400U);
  EXPECT_EQ(import("From: somebody\r\n", 100, 5).status, 400U);
  EXPECT_EQ(ask("POST", "/v1/queue/import").status, 400U);
  EXPECT_EQ(ask("POST", "/v1/queue/import?envelope=0").status, 400U);
  EXPECT_THAT(backend.asked, IsEmpty());
  EXPECT_EQ(import(envelope + "Hello you", 100, envelope.size()).status, 400U);
}

TEST_F(Api, IdIsReadInEitherCase) {
  EXPECT_EQ(ask("GET", "/v1/queue/" + base::to_lower(known)).status, 200U);
}

TEST_F(Api, UnknownMessageIs404) {
  for (const char* method : {"GET", "DELETE"}) EXPECT_EQ(ask(method, "/v1/queue/" + unknown).status, 404U);
  const Response response = ask("POST", "/v1/queue/" + unknown + "/retry");
  EXPECT_EQ(response.status, 404U);
  EXPECT_EQ(response.body, "{\"error\":\"no message of that id\"}\n");
}

TEST_F(Api, FailuresOfTheBackendHaveTheirStatus) {
  using base::ErrorKind;
  for (const auto& [kind, status] : {std::pair(ErrorKind::invalid, 400U), std::pair(ErrorKind::refused, 409U),
                                     std::pair(ErrorKind::cancelled, 503U), std::pair(ErrorKind::corrupt, 500U)}) {
    backend.failure = {kind, "so"};
    EXPECT_EQ(ask("GET", "/v1/queue/" + unknown).status, status);
  }
}

TEST_F(Api, BadIdsAndParametersAre400) {
  for (const char* target : {"/v1/queue/abc", "/v1/queue/", "/v1/queue?limit=0", "/v1/queue?limit=1001",
                             "/v1/queue?limit=-1", "/v1/queue?limit", "/v1/queue?after=abc", "/v1/queue?size=1",
                             "/v1/queue?sender", "/v1/queue?sender=%4", "/v1/queue?state=lost", "/v1/queue?older=2"})
    EXPECT_EQ(ask("GET", target).status, 400U) << target;
}

TEST_F(Api, UnknownPathIs404) {
  for (const char* target : {"/", "", "/v1", "/v2/status", "/v1/queue/a/b/c", "*"})
    EXPECT_EQ(ask("GET", target).status, 404U) << target;
}

TEST_F(Api, WrongMethodIs405AndNamesTheRightOnes) {
  const Response response = ask("POST", "/v1/queue/" + known);
  EXPECT_EQ(response.status, 405U);
  EXPECT_EQ(response.allow, "GET, DELETE");
  EXPECT_EQ(ask("GET", "/v1/queue/retry").allow, "POST");
  EXPECT_EQ(ask("GET", "/v1/stop").status, 405U);
  EXPECT_THAT(backend.asked, IsEmpty());
}

TEST_F(Api, TraceHasEventsTranscriptAndWhatHappensNext) {
  const auto trace = get("/v1/trace/" + known);
  EXPECT_EQ(std::string(trace.at("id").as_string()), known);
  EXPECT_EQ(boost::json::serialize(trace.at_pointer("/events/0")),
            R"({"time":"1970-01-01T12:00:00.000Z","event":"accepted","id":")" + known + R"(","size":4711})");
  EXPECT_EQ(boost::json::serialize(trace.at_pointer("/events/1/transcript")),
            R"([{"ms":0,"who":"note","text":"connecting"},{"ms":12,"who":"peer","text":"220 �hi"},)"
            R"({"ms":13,"who":"we","text":"EHLO me"}])");
  EXPECT_EQ(trace.at_pointer("/message/destinations/0/reason"), "waits for its retry time");
  EXPECT_TRUE(get("/v1/trace/" + base::to_string(second_id)).at("message").is_null());
  EXPECT_EQ(ask("GET", "/v1/trace/" + unknown).status, 404U);
}

TEST_F(Api, HistoryIsSearchedByWhatIsSaid) {
  const auto found = get(
      "/v1/"
      "history?sender=a%40b&recipient=%40c&destination=d&message_id=%3Ce%40f%3E&subject=g%20h&outcome=bounced&limit=7"
      "&since=1970-01-01T12:00:00Z&until=1970-01-01T12:00:00Z");
  EXPECT_EQ(backend.searched.sender, "a@b");
  EXPECT_EQ(backend.searched.recipient, "@c");
  EXPECT_EQ(backend.searched.destination, "d");
  EXPECT_EQ(backend.searched.message_id, "<e@f>");
  EXPECT_EQ(backend.searched.subject, "g h");
  EXPECT_EQ(backend.searched.outcome, "bounced");
  EXPECT_EQ(backend.searched.limit, 7U);
  EXPECT_EQ(backend.searched.since, noon);
  EXPECT_EQ(backend.searched.until, noon + std::chrono::milliseconds(999));
  // The message that is meant, though the event is first of all another's.
  EXPECT_EQ(std::string(found.at_pointer("/messages/0/id").as_string()), known);
  EXPECT_EQ(found.at("searched_back_to"), "1970-01-01T12:00:00.000Z");
  EXPECT_EQ(ask("GET", "/v1/history?since=yesterday").status, 400U);
  EXPECT_EQ(ask("GET", "/v1/history?limit=1001").status, 400U);
}

TEST_F(Api, RouteShowsEachStep) {
  const auto ways = get("/v1/route?address=bob%40a.example&sender=alice%40example.com");
  EXPECT_THAT(backend.asked, ElementsAre("route bob@a.example from <alice@example.com>"));
  EXPECT_EQ(
      boost::json::serialize(ways.at_pointer("/ways/0")),
      R"J({"destination":"a.example","recipients":["bob@a.example"],"rule":"dns",)J"
      R"J("route":"smtp:mx.a.example","site":"mx.a.example",)J"
      R"J("limits":{"connections":20,"rate":null,"messages_per_connection":null},"queued":null,"waits":"down: refused",)J"
      R"J("hosts":[{"name":"mx.a.example","preference":10,"addresses":["192.0.2.1:25"],"why_none":null,"remark":null,)J"
      R"J("tls":{"level":"opportunistic","names":[],"tlsa":0,"source":"default","skip":null}}],)J"
      R"J("next_hop":null,"user":null})J");
  EXPECT_EQ(ask("GET", "/v1/route?address=bob%40a.example&sender=%3C%3E").status, 200U);
  EXPECT_EQ(ask("GET", "/v1/route").status, 400U);
  EXPECT_EQ(ask("GET", "/v1/route?address=%40").status, 400U);
  EXPECT_EQ(ask("GET", "/v1/route?address=a%40b&sender=nobody").status, 400U);
}

TEST_F(Api, WhyHasTheReason) {
  const auto why = get("/v1/why?name=a.example");
  EXPECT_THAT(backend.asked, ElementsAre("why a.example"));
  EXPECT_EQ(boost::json::serialize(why.at_pointer("/waiting/0")),
            R"({"destination":"a.example","site":null,"state":"waiting","reason":"because",)"
            R"("next":"1970-01-01T12:00:00.000Z","id":")" +
                known + R"(","last_reply":null,"messages":3})");
  EXPECT_EQ(ask("GET", "/v1/why?name=unknown").status, 404U);
  EXPECT_EQ(ask("GET", "/v1/why").status, 400U);
}

TEST_F(Api, RefusedConfigurationIs422WithAllErrors) {
  backend.reload_result = {.applied = false, .errors = {"a.yaml:1:1: x", "a.yaml:2:1: y"}, .restart_needed = {}};
  const Response response = ask("POST", "/v1/reload");
  EXPECT_EQ(response.status, 422U);
  const auto body = boost::json::parse(response.body);
  EXPECT_EQ(body.at("applied"), false);
  EXPECT_EQ(body.at_pointer("/errors/1"), "a.yaml:2:1: y");
}

TEST_F(Api, AppliedReloadNamesWhatNeedsARestart) {
  const Response response = ask("POST", "/v1/reload");
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.body, "{\"applied\":true,\"errors\":[],\"restart_needed\":[\"listeners\"]}\n");
}

TEST_F(Api, DnsAnswersAreForgottenOnOrder) {
  EXPECT_EQ(ask("POST", "/v1/dns/flush").body, "{\"done\":\"flush\"}\n");
  EXPECT_EQ(ask("GET", "/v1/dns/flush").status, 405U);
  EXPECT_THAT(backend.asked, ElementsAre("flush dns"));
}

TEST_F(Api, StopIsAcceptedBeforeItIsDone) {
  EXPECT_EQ(ask("POST", "/v1/stop").status, 202U);
  EXPECT_THAT(backend.asked, ElementsAre("stop"));
}

}  // namespace
}  // namespace godwit::control

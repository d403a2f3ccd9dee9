// SPDX-License-Identifier: Apache-2.0
// What a check of the tests has around it: names in DNS, a clock that stands still, and a client to judge.
#pragma once

#include <memory>
#include <string>

#include <gmock/gmock.h>

#include "godwit/policy/check.hpp"
#include "godwit/policy/check_list.hpp"
#include "support/fake_resolver.hpp"
#include "support/manual_clock.hpp"
#include "support/manual_network.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::policy {

class CheckFixture : public ::testing::Test {
 protected:
  CheckFixture() {
    facts_.hostname = "mail.example.com";
    facts_.client = *base::IpAddress::parse("192.0.2.1");
    facts_.hello.name = "mail.client.example";
    facts_.sender = smtp::Mailbox{.local = "a", .domain = "sender.example"};
    facts_.recipient = {.local = "user", .domain = "example.com"};
  }

  // What the check of this name says, as the settings are now.
  Verdict ask(const std::string& name, Stage stage) {
    const auto list = make_check_list({name}, settings_, stores_);
    const auto check = list->front().make(around_);
    EXPECT_TRUE(check->is_asked_at(stage));
    auto verdict = testing::run_awaitable(io_, check->ask(stage, std::make_shared<Facts>(facts_)));
    io_.restart();
    io_.poll();  // what nobody waited for
    return verdict;
  }
  static std::string said(const Verdict& verdict) { return verdict.reply ? to_line(*verdict.reply) : ""; }

  boost::asio::io_context io_;
  testing::ManualClock clock_;
  net::Deadlines deadlines_{clock_};
  testing::ManualNetwork network_{io_.get_executor(), clock_};
  testing::FakeResolver resolver_;
  net::TaskGroup tasks_{io_.get_executor(), deadlines_, [](const std::exception_ptr&) {}};
  net::Haste haste_;
  KeptConnections connections_{io_.get_executor(), deadlines_};
  CheckSurroundings around_{.executor = io_.get_executor(),
                            .deadlines = deadlines_,
                            .network = network_,
                            .resolver = resolver_,
                            .tasks = tasks_,
                            .haste = haste_,
                            .clock = clock_,
                            .log = log::null_logger(),
                            .connections = connections_};
  Settings settings_;
  CheckStores stores_;
  Facts facts_;
};

}  // namespace godwit::policy

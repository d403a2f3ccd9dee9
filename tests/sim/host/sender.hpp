// SPDX-License-Identifier: Apache-2.0
// A client that submits mail, with the manners of its day: it pipelines or not, uses DATA or BDAT, hangs up in the
// middle, falls silent, half-closes.  It notes in the ledger what it was told.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "sim/host/internet.hpp"
#include "sim/host/ledger.hpp"
#include "sim/host/party.hpp"

namespace godwit::sim {

class Sender final : public Party {
 public:
  struct Manners {
    bool pipelines = false;
    bool chunks = false;
    bool half_closes = false;  // behind its last message
    int quits_after = -1;      // so many lines from the host; -1: never
    int stalls_after = -1;
  };
  // It goes there and says all of this; where nobody listens, nothing comes of it.
  static void send(World& world, Internet& network, Ledger& ledger, const base::IpAddress& from,
                   const base::Endpoint& to, std::vector<Mail> mails, Manners manners);

  Sender(World& world, std::shared_ptr<Wire> wire, Ledger& ledger, std::vector<Mail> mails, Manners manners);

 private:
  enum class Step { greeting, hello, mail, recipients, data, body, quit };

  void line(std::string_view line) override;
  void reply(int code);
  void next_mail();
  void say_recipient();
  void recipient_answered(int code);
  void envelope_done();
  void say_body();

  Ledger& ledger_;
  std::deque<Mail> mails_;
  Manners manners_;
  Step step_ = Step::greeting;
  std::size_t recipient_ = 0;
  std::size_t accepted_ = 0;
  int lines_ = 0;
};

}  // namespace godwit::sim

// SPDX-License-Identifier: Apache-2.0
// A client that submits mail, with the manners of its day: it pipelines or not, uses DATA or BDAT, hangs up in the
// middle, falls silent, half-closes.  It notes in the ledger what it was told.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "sim/host/internet.hpp"
#include "sim/host/ledger.hpp"
#include "sim/host/party.hpp"

namespace godwit::sim {

// With what a user comes to a host that wants to know who he is; he says his mail whatever he is told.
struct Login {
  enum class Mechanism { none, plain, login } mechanism = Mechanism::plain;
  std::string user;
  std::string password;
  bool is_wrong = false;  // no such user, or not his password
  bool in_clear = false;  // without STARTTLS
};

class Sender final : public Party {
 public:
  struct Manners {
    bool pipelines = false;
    bool chunks = false;
    bool half_closes = false;  // behind its last message
    int quits_after = -1;      // so many lines from the host; -1: never
    int stalls_after = -1;
    int half_closes_after = -1;
    bool breaks_off = false;       // half-closes in the middle of its first message
    std::optional<Login> login{};  // without a good answer to it nothing that he says may be taken
  };
  // It goes there and says all of this; where nobody listens, nothing comes of it.
  static void send(World& world, Internet& network, Ledger& ledger, const base::IpAddress& from,
                   const base::Endpoint& to, std::vector<Mail> mails, Manners manners);

  Sender(World& world, std::shared_ptr<Wire> wire, Ledger& ledger, std::vector<Mail> mails, Manners manners);

 private:
  enum class Step { greeting, hello, tls, login, mail, recipients, data, body, quit };

  void line(std::string_view line) override;
  void reply(int code);
  void begin_session();
  void log_in();
  void login_answered(int code);
  void next_mail();
  void say_recipient();
  void recipient_answered(int code);
  void envelope_done();
  void say_body();

  Ledger& ledger_;
  std::deque<Mail> mails_;
  Manners manners_;
  Step step_ = Step::greeting;
  bool secured_ = false;
  bool logged_in_ = false;
  std::deque<std::string> responses_;  // to what AUTH will ask
  std::size_t recipient_ = 0;
  std::size_t accepted_ = 0;
  int lines_ = 0;
};

}  // namespace godwit::sim

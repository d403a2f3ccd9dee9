// SPDX-License-Identifier: Apache-2.0
// The checks of one connection: asks them in the order of the list and in the order of their stages (check.hpp says
// when), bounds how long each may take, and adds up what they say.  server/ calls it at RCPT, before the message, with
// its bytes, and at its end.  One reactor; the surroundings outlive it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/log/logger.hpp"
#include "godwit/net/patience.hpp"
#include "godwit/policy/check.hpp"
#include "godwit/policy/settings.hpp"

namespace godwit::policy {

// What a check said at a stage; asked again at the same (another recipient), the last.
struct Opinion {
  std::string_view check;
  Stage stage = Stage::connect;
  Verdict::Kind kind = Verdict::Kind::no_opinion;
  std::string evidence;
};

// What becomes of a message at its end.
struct MessageDecision {
  std::optional<smtp::Reply> refusal = {};
  bool discard = false;
  std::string hold = {};    // why it is kept from its recipients; empty: it is not
  std::string header = {};  // whole fields, for above the message
};

class CheckChain {
 public:
  CheckChain(std::shared_ptr<const CheckList> list, const CheckSettings& settings,
             const CheckSurroundings& surroundings);

  // Empty: the recipient may be taken.  `facts` of stage rcpt.  Looks up the name of the client, where it is not known.
  boost::asio::awaitable<std::optional<smtp::Reply>> recipient(Facts facts);
  // Empty: the message may come.
  boost::asio::awaitable<std::optional<smtp::Reply>> begin_message(Facts facts);
  bool wants_message() const { return wants_message_; }
  boost::asio::awaitable<void> take(std::string bytes);
  boost::asio::awaitable<MessageDecision> end_message(Facts facts);
  // The transaction is over; nothing where there was none.
  void end_transaction();

  const ClientName& client_name() const { return client_name_; }
  // Of the transaction and its connection, in the order in which they were asked.
  const std::vector<Opinion>& opinions() const { return opinions_; }
  // One field for each check: its name, and its decisions with their evidence.  Valid while the chain is not asked.
  std::vector<log::Field> log_fields() const;

 private:
  struct Link {
    const CheckEntry* entry = nullptr;
    std::shared_ptr<Check> check;
    bool failed = false;  // it may still be at work: not to be touched any more
  };
  static constexpr std::size_t nobody = static_cast<std::size_t>(-1);
  // What checks have said that counts until the connection or the transaction is over.
  struct Standing {
    std::size_t end = nobody;  // links from here on are not asked
    bool vouched = false;
    bool discards = false;
    std::string hold{};
    std::string header{};
  };

  boost::asio::awaitable<void> ask_of_connection(Facts facts);
  boost::asio::awaitable<void> find_name(const Facts& facts);
  // The first refusal; what else was said is kept in the standings.
  boost::asio::awaitable<std::optional<smtp::Reply>> ask_all(Stage stage, Facts facts);
  bool is_asked(std::size_t index, Stage stage, bool stranger) const;
  boost::asio::awaitable<Verdict> ask(Link& link, Stage stage, std::shared_ptr<const Facts> facts);
  std::function<base::MonoTime()> until(base::Duration patience) const;
  boost::asio::awaitable<void> pass_on(Link& link, std::string bytes);
  // What counts in the place of its verdicts.
  Verdict give_up(Link& link, Stage stage, const std::string& reason);
  void note(std::size_t index, Stage stage, const Verdict& verdict);
  bool vouched() const { return of_connection_.vouched || of_transaction_.vouched; }
  bool discards() const { return of_connection_.discards || of_transaction_.discards; }
  bool is_exempt(const smtp::Mailbox& recipient) const;

  const std::shared_ptr<const CheckList> list_;
  const CheckSettings settings_;
  const CheckSurroundings& around_;
  net::Patience patience_;
  std::vector<Link> links_;
  std::vector<Opinion> opinions_;
  bool wants_message_ = false;
  bool cut_short_ = false;  // one had no answer when the daemon stopped: nobody is asked any more
  ClientName client_name_;

  bool connected_ = false;            // connect was asked
  std::optional<std::string> hello_;  // that helo was asked with
  std::optional<smtp::Reply> connect_refusal_;
  std::optional<smtp::Reply> helo_refusal_;
  Standing of_connection_;
  bool mail_asked_ = false;
  std::optional<smtp::Reply> mail_refusal_;
  Standing of_transaction_;
};

}  // namespace godwit::policy

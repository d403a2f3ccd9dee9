// SPDX-License-Identifier: Apache-2.0
// Tells recipients in our domains of mail that was taken and held for what a check found (not of what an administrator
// or a rule holds): each once in an interval, of all that came since.  Never anybody elsewhere.  Who is still to be
// told survives a restart.  Home reactor, but for committed().
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/dispatch/settings.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/mailauth/signers.hpp"
#include "godwit/net/deadline.hpp"
#include "godwit/net/signal.hpp"
#include "godwit/route/router.hpp"
#include "godwit/spool/spool.hpp"
#include "godwit/state/small_file.hpp"

namespace godwit::dispatch {

class NoticeBook;

class QuarantineNotices {
 public:
  static constexpr std::size_t largest_file = std::size_t{8} << 20U;

  // All outlive it.
  struct Parts {
    boost::asio::any_io_executor home;
    net::Deadlines& deadlines;
    spool::Spool& spool;
    state::SmallFile& file;  // of largest_file
    std::string hostname;
    const base::Clock& clock;
    log::Logger& log;
    std::function<std::shared_ptr<const mailauth::Signers>()> signers;  // may give null: notices are not signed
  };
  QuarantineNotices(Parts parts, QuarantineSettings settings, std::shared_ptr<const route::Router> router);
  ~QuarantineNotices();

  // A message became durable.  Any thread.
  void committed(std::shared_ptr<const spool::StoredMessage> message);
  // Recalls who is still to be told, and tells, until stop().
  boost::asio::awaitable<void> run();
  // Remembers, and ends run().
  boost::asio::awaitable<void> stop();
  void reload(QuarantineSettings settings, std::shared_ptr<const route::Router> router);

 private:
  enum class Told { no, maybe };
  void note(base::MessageId id, const mail::Envelope& envelope, Told told);
  bool is_told(const mail::Recipient& recipient) const;
  boost::asio::awaitable<void> recall();
  boost::asio::awaitable<void> remember();
  boost::asio::awaitable<void> tell_due();
  boost::asio::awaitable<void> act();

  Parts parts_;
  QuarantineSettings settings_;
  std::shared_ptr<const route::Router> router_;
  std::unique_ptr<NoticeBook> book_;
  std::string remembered_;
  base::MessageId since_{};  // what is older was recalled before
  bool read_ = false;        // the file
  bool recalled_ = false;    // all of the spool
  bool running_ = false;
  net::Signal woken_;
  net::Signal ended_;
};

}  // namespace godwit::dispatch

// SPDX-License-Identifier: Apache-2.0
// Files messages into Maildirs (cr.yp.to/proto/maildir): tmp/ → sync → rename to new/ → sync of new/, and only then
// "delivered". A crash between the rename and the report delivers a second copy under another name; it never loses the
// first.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/random.hpp"
#include "godwit/deliver/agent.hpp"
#include "godwit/deliver/settings.hpp"
#include "godwit/disk/disk.hpp"
#include "godwit/net/deadline.hpp"

namespace godwit::deliver {

// One segment of a path made of what a sender may choose: no separator, no leading dot, no control byte, never empty,
// at most 200 bytes; different addresses never give the same segment (escapes are =XX).
std::string safe_path_segment(std::string_view text);
// Fills {domain}, {local} (without the detail) and {detail} of the template with safe segments.
std::string maildir_path(std::string_view path_template, const smtp::Mailbox& address,
                         std::string_view detail_separator);
// The Maildir++ folder of the address' detail, "/.lists"; empty: it has none.
std::string detail_folder(const smtp::Mailbox& address, std::string_view detail_separator);

class MailboxTurns;
class MaildirQuota;

class MaildirAgent {
 public:
  // `pool` may block; `home` and its deadlines are of the reactor that calls deliver().  hostname: part of the unique
  // file names.
  MaildirAgent(MaildirSettings settings, std::string_view hostname, disk::Disk& disk, const base::Clock& clock,
               base::Random& random, boost::asio::any_io_executor pool, boost::asio::any_io_executor home,
               net::Deadlines& deadlines);
  ~MaildirAgent();
  // Each recipient is filed into the Maildir of its own path.  One mailbox takes one message at a time; behind a folder
  // that hangs, recipients are deferred after 10 seconds.
  boost::asio::awaitable<Outcomes> deliver(Job job, std::string path_template, std::string detail_separator);
  // What is being filed is finished; recipients after it are left untried, so that what was filed can be recorded
  // before the end.  Any thread.
  void stop() { stopping_ = true; }

 private:
  struct Place {
    std::string mailbox;
    std::string folder;  // "/.lists" of it; empty: the mailbox itself
  };
  boost::asio::awaitable<Outcome> take_turn(const Job& job, const mail::Recipient& recipient, Place place);
  boost::asio::awaitable<Outcome> deliver_one(const Job& job, const mail::Recipient& recipient, Place place);
  boost::asio::awaitable<base::Result<bool>> is_loop(const Job& job, const mail::Recipient& recipient);
  boost::asio::awaitable<base::Result<>> file(const Job& job, const mail::Recipient& recipient, Place place,
                                              MaildirQuota& quota);
  boost::asio::awaitable<base::Result<std::unique_ptr<disk::File>>> open(Place& place, std::string name);
  boost::asio::awaitable<base::Result<>> prepare(std::string directory);
  boost::asio::awaitable<base::Result<std::uint64_t>> copy_recoded(Content& content, disk::File& file,
                                                                   std::uint64_t offset);
  boost::asio::awaitable<base::Result<std::uint64_t>> copy(Content& content, disk::File& file, std::uint64_t offset);

  MaildirSettings settings_;
  std::string hostname_;
  disk::Disk& disk_;
  const base::Clock& clock_;
  base::Random& random_;
  boost::asio::any_io_executor pool_;
  std::unique_ptr<MailboxTurns> turns_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace godwit::deliver

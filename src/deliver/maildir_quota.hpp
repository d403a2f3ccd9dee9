// SPDX-License-Identifier: Apache-2.0
// The quota of one mailbox, as Maildir++ keeps it: the file maildirsize has the limits in its first line and then what
// was added and removed, which IMAP servers and mail programs append to as well.  When the sum says that there is no
// room, the mailbox is counted anew, so that mail which others deleted makes room.  .Trash does not count.  On a pool;
// one mailbox at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/random.hpp"
#include "godwit/base/result.hpp"
#include "godwit/deliver/settings.hpp"
#include "godwit/disk/disk.hpp"

namespace godwit::deliver {

struct MailboxUsage {
  std::int64_t bytes = 0;
  std::int64_t messages = 0;
  bool operator==(const MailboxUsage&) const = default;
};

struct MailboxLimits {
  std::int64_t bytes = 0;     // 0: any
  std::int64_t messages = 0;  // 0: any
  bool any() const { return bytes > 0 || messages > 0; }
  // Whether one more message of this size fits.
  bool have_room(const MailboxUsage& usage, std::uint64_t size) const;
  bool operator==(const MailboxLimits&) const = default;
};

struct MaildirSize {
  MailboxLimits limits;
  MailboxUsage usage;
  bool is_counted = false;  // it says how much there is; else only what is allowed
};
// Nothing: it is not in the format.  Pure.
std::optional<MaildirSize> parse_maildirsize(std::string_view text);
// "1000000S,500C".  Pure.
std::string to_string(const MailboxLimits& limits);
// Of a message's file: what its name says (",S=1234"), else nothing.  Pure.
std::optional<std::uint64_t> size_in_name(std::string_view name);

class MaildirQuota {
 public:
  // All outlive it.
  MaildirQuota(disk::Disk& disk, base::Random& random, const MaildirSettings& settings, std::string mailbox);

  // Whether the mailbox has a quota, and room for a message of this size.
  boost::asio::awaitable<base::Result<bool>> has_room(std::uint64_t size);
  // A message was added.  What cannot be noted is found when it is counted anew.
  boost::asio::awaitable<void> note(std::uint64_t size);
  bool is_limited() const { return limits_.any(); }  // known after has_room()

 private:
  boost::asio::awaitable<base::Result<std::string>> read();
  boost::asio::awaitable<base::Result<MailboxUsage>> count();
  boost::asio::awaitable<base::Result<>> count_folder(std::string folder, MailboxUsage& usage);
  boost::asio::awaitable<base::Result<>> write(const MailboxUsage& usage);

  static constexpr std::size_t longest = 5120;  // of the file; then it is written anew
  disk::Disk& disk_;
  base::Random& random_;
  const MaildirSettings& settings_;
  std::string mailbox_;
  MailboxLimits limits_;
};

}  // namespace godwit::deliver

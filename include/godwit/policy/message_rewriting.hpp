// SPDX-License-Identifier: Apache-2.0
// Changes the header of one message as it streams in: its addresses by canonical maps, its fields by rules.  Holds no
// more than the header.  One reactor, one coroutine at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"
#include "godwit/mail/address_list.hpp"
#include "godwit/mail/header_splitter.hpp"
#include "godwit/mail/settings.hpp"
#include "godwit/route/canonical.hpp"

namespace godwit::policy {

class MessageRewriting {
 public:
  static constexpr std::size_t longest_header = 1U << 20U;
  static constexpr std::size_t most_addresses = 5000;
  static constexpr base::Duration patience = std::chrono::seconds(30);  // for all addresses of a header

  // canonical: null: addresses stay.  The clock outlives it.
  MessageRewriting(std::shared_ptr<const route::Canonical> canonical, std::vector<mail::HeaderRule> rules,
                   const base::Clock& clock);

  // Pieces of a canonical message; gives what may pass so far.  Errors: exhausted (the header is too long, or has too
  // many addresses), io (a table cannot be asked now: "TABLE: why").
  boost::asio::awaitable<base::Result<std::string>> put(std::string bytes);
  // At the message's end.  Errors: as above.
  boost::asio::awaitable<base::Result<std::string>> finish();

  // What was changed, for the log: "a@x=b@y -User-Agent"; empty: nothing.
  const std::string& summary() const { return summary_; }

 private:
  boost::asio::awaitable<base::Result<std::string>> pass(std::string body);
  boost::asio::awaitable<base::Result<std::string>> rewrite(std::string header);
  void tell(const std::string& what);

  std::shared_ptr<const route::Canonical> canonical_;
  std::vector<mail::HeaderRule> rules_;
  const base::Clock& clock_;
  mail::HeaderSplitter splitter_;
  bool passed_ = false;  // the header is out
  std::string summary_;
};

}  // namespace godwit::policy

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "godwit/spool/spool.hpp"

namespace godwit::dispatch {

class EmptyBody final : public spool::Body {
 public:
  std::uint64_t size() const override { return 0; }
  std::optional<std::string_view> view() const override { return ""; }
  boost::asio::awaitable<base::Result<std::size_t>> read(std::uint64_t, std::span<char>) override { co_return 0U; }
};

// Knows envelopes, which updates change only if that is said, and counts what it is asked.  Takes no message, unless it
// is said how large one may be.
class FakeSpool : public spool::Spool {
 public:
  base::MessageId last_recovered() const override { return recovered; }
  void on_committed(Notice) override {}
  void on_fatal(std::function<void(std::string)>) override {}
  spool::Accepted<std::unique_ptr<spool::Incoming>> begin(std::uint64_t size) override {
    if (size > largest || taken.size() == most_taken) return std::unexpected(spool::Refused{});
    return std::make_unique<TakenMessage>(*this);
  }
  void update(base::MessageId id, mail::Update update) override {
    if (applies_updates) mail::apply(update, envelopes.at(id));
    updates.emplace_back(id, std::move(update));
  }
  boost::asio::awaitable<base::Result<>> sync() override { co_return base::Result<>(); }
  bool keeps_up() const override { return is_keeping_up; }
  boost::asio::awaitable<base::Result<spool::StoredMessage>> read(base::MessageId id) override {
    ++reads;
    if (const auto before = std::exchange(before_next_read, {})) {
      auto waiting = before();
      co_await std::move(waiting);
    }
    const auto found = envelopes.find(id);
    if (found == envelopes.end()) co_return base::fail(base::ErrorKind::not_found, "not there");
    co_return spool::StoredMessage{.id = id, .envelope = found->second, .body = std::make_shared<EmptyBody>()};
  }
  boost::asio::awaitable<base::Result<>> for_each_live(spool::Listing,
                                                       std::function<bool(const spool::Summary&)> each) override {
    ++streams;
    // In any order: backwards.
    for (auto at = envelopes.rbegin(); at != envelopes.rend(); ++at) {
      spool::Summary summary;
      summary.id = at->first;
      summary.sender = to_string(at->second.sender);
      std::map<std::string, std::uint32_t> waiting;
      for (const auto& recipient : at->second.recipients) ++waiting[recipient.address.domain];
      for (const auto& [domain, recipients] : waiting) summary.waiting.push_back({domain, recipients});
      summary.priority = at->second.priority;
      if (!each(summary)) break;
    }
    co_return base::Result<>();
  }
  boost::asio::awaitable<base::Result<std::vector<base::MessageId>>> find_live(
      std::function<bool(const spool::Summary&)> means) override {
    std::vector<base::MessageId> found;
    auto each = [&](const spool::Summary& summary) {
      if (means(summary)) found.push_back(summary.id);
      return true;
    };
    auto listed = co_await for_each_live(spool::Listing::gentle, each);
    if (!listed) co_return std::unexpected(std::move(listed.error()));
    std::ranges::sort(found);
    co_return found;
  }
  spool::Statistics statistics() const override { return {}; }
  boost::asio::awaitable<void> stop() override { co_return; }

  std::map<base::MessageId, mail::Envelope> envelopes;
  std::vector<std::pair<base::MessageId, mail::Update>> updates;
  base::MessageId recovered{std::numeric_limits<std::uint64_t>::max()};  // all that it has when a dispatcher starts
  std::uint64_t largest = 0;                                             // message that it takes
  std::size_t most_taken = std::numeric_limits<std::size_t>::max();
  std::vector<std::string> taken;
  bool is_keeping_up = true;
  bool applies_updates = false;
  std::function<boost::asio::awaitable<void>()> before_next_read;
  int reads = 0, streams = 0;

 private:
  class TakenMessage final : public spool::Incoming {
   public:
    explicit TakenMessage(FakeSpool& spool) : spool_(spool) {}
    base::MessageId id() const override { return {1'000'000 + spool_.taken.size()}; }
    boost::asio::awaitable<spool::Accepted<>> write(std::string_view bytes) override {
      text_ += bytes;
      if (text_.size() > spool_.largest) co_return std::unexpected(spool::Refused{});
      co_return spool::Accepted<>();
    }
    boost::asio::awaitable<spool::Accepted<base::MessageId>> commit(mail::Envelope) override {
      const auto own = id();
      spool_.taken.push_back(std::move(text_));
      co_return own;
    }

   private:
    FakeSpool& spool_;
    std::string text_;
  };
};

}  // namespace godwit::dispatch

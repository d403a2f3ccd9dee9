// SPDX-License-Identifier: Apache-2.0
#include "godwit/dispatch/quarantine_notices.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

#include "notice_book.hpp"
#include "own_message.hpp"
#include "quarantine_notice.hpp"
#include "spool_content.hpp"

namespace godwit::dispatch {
namespace {

constexpr base::Duration gathering = std::chrono::seconds(1);  // what comes at once is told at once
constexpr base::Duration longest_rest = std::chrono::hours(1);
constexpr base::Duration last_patience = std::chrono::seconds(5);  // at a stop, for what is under way
constexpr std::size_t read_of_message = 64U << 10U;                // its header
constexpr std::size_t most_recalled = 10'000;
constexpr auto longest_overtaking = std::chrono::minutes(10);

// A message has its id when it begins to come in, and is held when it is there: younger ones may overtake it.
base::MessageId some_time_before(base::MessageId id) {
  constexpr std::uint64_t ids_in_microsecond = 1U << 12U;
  constexpr std::uint64_t some_time =
      ids_in_microsecond * static_cast<std::uint64_t>(std::chrono::microseconds(longest_overtaking).count());
  return {id.value - std::min(id.value, some_time)};
}

// Of the recipients that have this address, the one who waits.
const mail::Recipient* waiting_as(const mail::Envelope& envelope, const std::string& address) {
  const auto is_meant = [&](const mail::Recipient& recipient) {
    return recipient.state == mail::RecipientState::waiting && smtp::to_string(recipient.address) == address;
  };
  const auto found = std::ranges::find_if(envelope.recipients, is_meant);
  return found == envelope.recipients.end() ? nullptr : &*found;
}

// What of it is held still; nothing: it was let go, or ended.
boost::asio::awaitable<std::optional<HeldMail>> look_at_held(spool::Spool& spool, base::MessageId id,
                                                             std::string recipient) {
  auto reading = spool.read(id);
  const auto stored = co_await std::move(reading);
  if (!stored || !stored->envelope.held) co_return std::nullopt;
  const auto* waiting = waiting_as(stored->envelope, recipient);
  if (waiting == nullptr) co_return std::nullopt;
  auto beginning_of = beginning(stored->body, read_of_message);
  const auto text = co_await std::move(beginning_of);
  co_return describe_held(id, stored->envelope, *waiting, text);
}

}  // namespace

QuarantineNotices::QuarantineNotices(Parts parts, QuarantineSettings settings,
                                     std::shared_ptr<const route::Router> router)
    : parts_(std::move(parts)),
      settings_(std::move(settings)),
      router_(std::move(router)),
      book_(std::make_unique<NoticeBook>()),
      woken_(parts_.home, parts_.deadlines),
      ended_(parts_.home, parts_.deadlines) {}

QuarantineNotices::~QuarantineNotices() = default;

void QuarantineNotices::reload(QuarantineSettings settings, std::shared_ptr<const route::Router> router) {
  settings_ = std::move(settings);
  router_ = std::move(router);
  woken_.notify();
}

void QuarantineNotices::committed(std::shared_ptr<const spool::StoredMessage> message) {
  if (!message->envelope.held) return;
  auto take = [this, message = std::move(message)] {
    if (!settings_.notify || !read_) return;  // recall() will find it in the spool
    note(message->id, message->envelope, Told::no);
    woken_.notify();
  };
  boost::asio::post(parts_.home, std::move(take));
}

void QuarantineNotices::note(base::MessageId id, const mail::Envelope& envelope, Told told) {
  for (const auto& recipient : envelope.recipients) {
    if (!is_told(recipient)) continue;
    if (told == Told::maybe && book_->was_told_since(smtp::to_string(recipient.address), envelope.accepted)) continue;
    if (!book_->add(smtp::to_string(recipient.address), id))
      parts_.log.warn("quarantine_not_told", {{"id", base::to_string(id)},
                                              {"to", smtp::to_string(recipient.address)},
                                              {"reason", "too many recipients are to be told"}});
  }
}

// Who waits, in a domain that ends here as far as is known, which tell_due() asks again; a reason says that a check
// held it.
bool QuarantineNotices::is_told(const mail::Recipient& recipient) const {
  return recipient.state == mail::RecipientState::waiting && !recipient.expanded_alias &&
         !recipient.last_reply.empty() && router_->may_end_here(recipient.address.domain);
}

boost::asio::awaitable<void> QuarantineNotices::run() {
  running_ = true;
  co_await recall();
  co_await act();
  running_ = false;
  ended_.notify();
}

boost::asio::awaitable<void> QuarantineNotices::act() {
  for (;;) {
    co_await tell_due();
    co_await remember();
    auto pause = longest_rest;
    if (const auto next = book_->next_due(settings_.interval); next && settings_.notify)
      pause = std::clamp(base::Duration(*next - parts_.clock.wall()), gathering, longest_rest);
    auto woken = co_await woken_.wait(parts_.clock.mono() + pause);
    if (!woken && woken.error().kind == base::ErrorKind::cancelled) co_return;
    if (!woken) continue;
    auto gathered = co_await woken_.wait(parts_.clock.mono() + gathering);
    if (!gathered && gathered.error().kind == base::ErrorKind::cancelled) co_return;
  }
}

boost::asio::awaitable<void> QuarantineNotices::stop() {
  woken_.cancel();
  if (running_) co_await ended_.wait(parts_.clock.mono() + last_patience);
  co_await remember();
}

boost::asio::awaitable<void> QuarantineNotices::tell_due() {
  if (!settings_.notify) co_return;
  auto due = book_->take_due(parts_.clock.wall(), settings_.interval);
  for (auto& notice : due) {
    const auto to = smtp::parse_mailbox(notice.recipient, smtp::BareLocal::refuse, smtp::Utf8::allow);
    if (!to) continue;
    const auto router = router_;  // a reload may come meanwhile
    auto learning = router->learn({to->domain});
    const auto learned = co_await std::move(learning);
    if (!learned) {
      parts_.log.warn("quarantine_not_told",
                      {{"to", "<" + notice.recipient + ">"}, {"reason", learned.error().message}});
      book_->put_back(notice);
      continue;
    }
    if (!router->ends_here(to->domain)) continue;
    QuarantineNotice message{.hostname = parts_.hostname,
                             .to = *to,
                             .contact = {.local = "postmaster", .domain = parts_.hostname},
                             .held = {},
                             .more = notice.more};
    if (auto contact = smtp::parse_mailbox(settings_.contact)) message.contact = std::move(*contact);
    for (const auto id : notice.ids) {
      auto looking = look_at_held(parts_.spool, id, notice.recipient);
      auto held = co_await std::move(looking);
      if (held) message.held.push_back(std::move(*held));
    }
    if (message.held.empty() && message.more == 0) continue;
    mail::Recipient recipient;
    recipient.address = *to;
    const auto count = message.held.size() + message.more;
    OwnMessage own{.hostname = parts_.hostname, .recipients = {recipient}, .body = smtp::BodyType::eight_bit_mime};
    own.signers = parts_.signers();
    own.protocol = notice_protocol;
    own.compose = [message = std::move(message)](base::MessageId id, base::WallTime now) {
      return compose_quarantine_notice(message, id, now);
    };
    auto committing = commit_own(parts_.spool, parts_.clock, std::move(own));
    const auto id = co_await std::move(committing);
    if (id) {
      parts_.log.info("quarantine_told",
                      {{"id", base::to_string(*id)}, {"to", "<" + notice.recipient + ">"}, {"messages", count}});
      continue;
    }
    parts_.log.warn("quarantine_not_told", {{"to", "<" + notice.recipient + ">"}, {"reason", id.error().message}});
    book_->put_back(notice);
  }
}

// What was held since the file was written, too: a crash may have come before it was.
boost::asio::awaitable<void> QuarantineNotices::recall() {
  auto text = co_await parts_.file.read();
  if (text)
    book_->decode(*text);
  else
    parts_.log.error("quarantine_not_recalled", {{"reason", text.error().message}});
  since_ = book_->youngest();
  read_ = true;
  recalled_ = !settings_.notify;
  if (recalled_) co_return;
  std::vector<base::MessageId> held;
  auto each = [&held, since = some_time_before(since_)](const spool::Summary& summary) {
    if (summary.held && summary.attempts == 0 && summary.id > since) held.push_back(summary.id);
    return held.size() < most_recalled;
  };
  auto listed = co_await parts_.spool.for_each_live(spool::Listing::gentle, each);
  if (!listed) parts_.log.error("quarantine_not_recalled", {{"reason", listed.error().message}});
  bool all_known = true;
  for (const auto id : held) {
    auto reading = parts_.spool.read(id);
    const auto stored = co_await std::move(reading);
    if (!stored || !stored->envelope.held) continue;
    std::set<std::string> domains;
    for (const auto& recipient : stored->envelope.recipients) domains.insert(recipient.address.domain);
    const auto router = router_;  // a reload may come meanwhile
    auto learning = router->learn(std::move(domains));
    const auto learned = co_await std::move(learning);
    if (!learned) parts_.log.error("quarantine_not_recalled", {{"reason", learned.error().message}});
    all_known = all_known && learned;
    note(id, stored->envelope, Told::maybe);
  }
  recalled_ = listed && all_known;
}

boost::asio::awaitable<void> QuarantineNotices::remember() {
  if (!read_) co_return;
  auto text = book_->encode(recalled_ ? book_->youngest() : since_);  // else the next recall would pass over the rest
  if (text == remembered_) co_return;
  remembered_ = text;
  auto written = co_await parts_.file.write(std::move(text));
  if (!written) parts_.log.error("quarantine_not_remembered", {{"reason", written.error().message}});
}

}  // namespace godwit::dispatch

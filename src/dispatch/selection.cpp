// SPDX-License-Identifier: Apache-2.0
#include "selection.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace godwit::dispatch {
namespace {

// Looked at without a pause: well below a millisecond.
constexpr std::size_t slice_size = 200;
// A page that finds little ends after so much work all the same, so that every request is answered in time.
constexpr std::size_t most_slices = 2500;
constexpr std::size_t most_envelopes = 5000;

constexpr base::Duration kept_for = std::chrono::minutes(1);

}  // namespace

boost::asio::awaitable<base::Result<Selected>> Selection::page(Selector selector, Page page) {
  std::shared_ptr<const Ids> ids;
  if (!selector.sender.empty()) {
    auto found = co_await by_sender(selector, !page.after);
    if (!found) co_return std::unexpected(found.error());
    ids = std::move(*found);
  }
  Selected selected;
  auto last = page.after.value_or(base::MessageId{});
  std::size_t envelopes = 0;
  for (std::size_t slices = 0; slices < most_slices && envelopes < most_envelopes; ++slices) {
    const auto slice = ids ? slice_of_ids(selector, *ids, last) : slice_of_queue(selector, last);
    for (const auto id : slice.candidates) {
      bool means = true;
      if (selector.needs_envelope()) {
        ++envelopes;
        means = co_await has_recipient(selector, id);
      }
      if (!means) continue;
      if (selected.ids.size() == page.limit) {  // one more than fits: there is a page that follows
        selected.next = selected.ids.back();
        co_return selected;
      }
      selected.ids.push_back(id);
    }
    if (slice.end) co_return selected;
    last = slice.last;
    co_await boost::asio::post(home_, boost::asio::use_awaitable);
  }
  // The page may be full already: what follows its last message is then looked at once more.
  selected.next = selected.ids.size() == page.limit ? selected.ids.back() : last;
  co_return selected;
}

boost::asio::awaitable<base::Result<std::shared_ptr<const Selection::Ids>>> Selection::by_sender(Selector selector,
                                                                                                 bool first_page) {
  const auto now = clock_.mono();
  if (by_sender_ && now - by_sender_->made > kept_for) by_sender_.reset();
  if (!first_page && by_sender_ && by_sender_->selector == selector) co_return by_sender_->ids;
  auto means = [selector, wall = clock_.wall()](const spool::Summary& summary) {
    return selector.may_mean(summary, wall);
  };
  auto found = co_await spool_.find_live(means);
  if (!found) co_return std::unexpected(std::move(found.error()));
  auto ids = std::make_shared<const Ids>(std::move(*found));
  by_sender_ = BySender{.selector = std::move(selector), .ids = ids, .made = clock_.mono()};
  co_return ids;
}

Selection::Slice Selection::slice_of_queue(const Selector& selector, base::MessageId after) const {
  Slice slice{.candidates = {}, .last = after, .end = true};
  const auto now = clock_.wall();
  std::size_t seen = 0;
  queue_.for_each(
      [&](const queue::Item& item) {
        // A slice ends between two messages, not between two destinations of one.
        if (seen >= slice_size && item.key.id != slice.last) {
          slice.end = false;
          return false;
        }
        ++seen;
        slice.last = item.key.id;
        const bool known = !slice.candidates.empty() && slice.candidates.back() == item.key.id;
        if (!known && selector.may_mean(item, now)) slice.candidates.push_back(item.key.id);
        return true;
      },
      after);
  return slice;
}

// The summaries may be a minute old, so the queue has the last word.
Selection::Slice Selection::slice_of_ids(const Selector& selector, const Ids& ids, base::MessageId after) const {
  Slice slice{.candidates = {}, .last = after, .end = false};
  const auto now = clock_.wall();
  auto next = std::ranges::upper_bound(ids, after);
  for (std::size_t seen = 0; seen < slice_size && next != ids.end(); ++seen, ++next) {
    slice.last = *next;
    const auto keys = queue_.keys_of(*next);
    const bool means = std::ranges::any_of(keys, [&](const queue::Key& key) {
      const auto* item = queue_.find(key);
      return item != nullptr && selector.may_mean(*item, now);
    });
    if (means) slice.candidates.push_back(*next);
  }
  slice.end = next == ids.end();
  return slice;
}

boost::asio::awaitable<bool> Selection::has_recipient(Selector selector, base::MessageId id) {
  const auto stored = co_await spool_.read(id);
  if (!stored) co_return false;  // settled meanwhile
  const auto now = clock_.wall();
  co_return std::ranges::any_of(stored->envelope.recipients, [&](const mail::Recipient& each) {
    if (each.state != mail::RecipientState::waiting || !selector.means(each)) return false;
    const auto* item = queue_.find({.id = id, .destination = destination_of_(id, each.address)});
    return item != nullptr && selector.may_mean(*item, now);
  });
}

}  // namespace godwit::dispatch

// SPDX-License-Identifier: Apache-2.0
// Whatever the file of notices holds, no more recipients are kept than may be, what is kept is written and read again
// as the same, and each who waits is told once.
#include "dispatch/notice_book.hpp"
#include "fuzz/fuzz.hpp"

namespace godwit::fuzz {

void fuzz_notice_book(std::string_view input) {
  using dispatch::NoticeBook;
  const base::WallTime now(std::chrono::seconds(1'900'000'000));
  constexpr auto interval = std::chrono::hours(24);
  NoticeBook book;
  book.decode(input);
  const auto text = book.encode(book.youngest());
  require(std::ranges::count(text, '\n') <= static_cast<std::ptrdiff_t>(NoticeBook::most_recipients) + 1);
  NoticeBook again;
  again.decode(text);
  require(again.encode(again.youngest()) == text);
  (void)book.next_due(interval);
  auto due = book.take_due(now, interval);
  for (auto& notice : due) {
    require((!notice.ids.empty() || notice.more > 0) && notice.ids.size() <= NoticeBook::most_listed);
    require(book.was_told_since(notice.recipient, now));
  }
  require(book.take_due(now, interval).empty());
  for (auto& notice : due) book.put_back(std::move(notice));
  require(book.take_due(now + interval, interval).size() >= due.size());
}

}  // namespace godwit::fuzz

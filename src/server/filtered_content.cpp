// SPDX-License-Identifier: Apache-2.0
#include "filtered_content.hpp"

#include <utility>

#include "godwit/base/text.hpp"
#include "godwit/smtp/canonical_lines.hpp"
#include "godwit/spool/rewrite.hpp"

namespace godwit::server {

void FilteredContent::begin_filtering(std::string own, std::string_view on_top) {
  header_ = mail::EditableHeader(splitter_.take_header());
  header_.put_own(std::move(own));
  header_.put_on_top(on_top);
}

net::Task<std::size_t> FilteredContent::read_body(std::uint64_t offset, std::span<char> into) {
  return spool::read_back(message_, offset, into);
}

net::Task<> FilteredContent::write_new_body(std::string_view bytes) {
  if (!new_body_) {
    auto begun = spool_.begin(0);
    if (!begun) co_return base::fail(base::ErrorKind::exhausted, "no room for the new body: " + begun.error().detail);
    new_body_ = std::move(*begun);
    cr_waits_ = line_is_open_ = new_eight_bit_ = false;
  }
  if (any_octets_) {
    auto writing = write(std::string(bytes));  // named: GCC 12 destroys temporaries that a coroutine takes twice
    co_return co_await std::move(writing);
  }
  if (bytes.find('\0') != std::string_view::npos)
    co_return base::fail(base::ErrorKind::invalid, "a NUL in the new body");
  if (bytes.empty()) co_return base::Result<>();
  // A CR at the end of a piece waits for the next one.
  std::string whole = std::exchange(cr_waits_, bytes.ends_with('\r')) ? "\r" : "";
  whole += bytes;
  if (cr_waits_) whole.pop_back();
  std::string lines;
  smtp::append_canonical(whole, lines);
  if (!lines.empty()) line_is_open_ = !lines.ends_with('\n');
  co_return co_await write(std::move(lines));
}

net::Task<> FilteredContent::write(std::string bytes) {
  new_eight_bit_ = new_eight_bit_ || !base::is_ascii(bytes);
  auto written = co_await new_body_->write(bytes);
  if (!written) co_return base::fail(base::ErrorKind::exhausted, "no room for the new body: " + written.error().detail);
  co_return base::Result<>();
}

net::Task<> FilteredContent::keep_new_body() {
  if (!new_body_) co_return base::Result<>();
  if (!any_octets_ && (cr_waits_ || line_is_open_)) {
    auto writing = write("\r\n");
    auto ended = co_await std::move(writing);
    if (!ended) co_return ended;
  }
  eight_bit_ = new_eight_bit_;
  spool::exchange_bodies(message_, *new_body_);
  new_body_.reset();
  co_return base::Result<>();
}

void FilteredContent::drop_new_body() {
  new_body_.reset();
}

}  // namespace godwit::server

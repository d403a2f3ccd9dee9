// SPDX-License-Identifier: Apache-2.0
#include "godwit/lookup/source_table.hpp"

#include <utility>

#include "godwit/base/exception_text.hpp"

namespace godwit::lookup {
namespace {

constexpr base::Duration rest = std::chrono::seconds(2);

}  // namespace

SourceTable::SourceTable(std::string name, std::unique_ptr<Source> source, base::Duration timeout,
                         const CacheSettings& cache, net::BoundedPool& pool, const base::Clock& clock)
    : name_(std::move(name)),
      source_(std::move(source)),
      timeout_(timeout),
      cache_(cache),
      pool_(pool),
      clock_(clock),
      rests_until_(base::MonoTime::min().time_since_epoch().count()) {}

std::optional<Answer> SourceTable::recall(const std::string& key) {
  return cache_.recall(key, clock_.mono());
}

boost::asio::awaitable<Answer> SourceTable::ask(std::string key) {
  auto work = [self = shared_from_this(), key] { return self->ask_or_rest(key); };
  auto answered = co_await pool_.run(std::move(work));
  Answer answer;
  if (answered)
    answer = *std::move(answered);
  else
    answer = unavailable(answered.error().message);
  cache_.remember(key, answer, clock_.mono());
  co_return answer;
}

Answer SourceTable::ask_or_rest(const std::string& key) {
  if (clock_.mono().time_since_epoch().count() < rests_until_) return unavailable("it failed a moment ago");
  Answer answer;
  try {
    auto asked = source_->ask(key, clock_.mono() + timeout_);
    if (asked) return *std::move(asked);
    answer = unavailable(asked.error().message);
    // It does not like this one key: no reason not to ask it for others.
    const auto kind = asked.error().kind;
    if (kind == base::ErrorKind::invalid || kind == base::ErrorKind::exhausted) return answer;
  } catch (const std::exception&) {
    answer = unavailable(base::exception_text(std::current_exception()));
  }
  rests_until_ = (clock_.mono() + rest).time_since_epoch().count();
  return answer;
}

}  // namespace godwit::lookup

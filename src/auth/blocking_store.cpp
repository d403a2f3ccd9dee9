// SPDX-License-Identifier: Apache-2.0
#include "blocking_store.hpp"

#include <utility>

#include "godwit/base/exception_text.hpp"

namespace godwit::auth {
namespace {

constexpr base::Duration rest = std::chrono::seconds(2);

}  // namespace

Answer unavailable(std::string reason) {
  Answer answer;
  answer.kind = Answer::Kind::unavailable;
  answer.reason = std::move(reason);
  return answer;
}

BlockingStore::BlockingStore(StoreSettings settings, const BackEndParts& parts)
    : settings_(std::move(settings)),
      parts_(parts),
      name_(to_string(settings_.type)),
      rests_until_(base::MonoTime::min().time_since_epoch().count()) {}

boost::asio::awaitable<Answer> BlockingStore::ask(std::shared_ptr<const Login> login) {
  auto look = [this, login = std::move(login)] {
    if (login->gone && login->gone()) return unavailable("the client is gone");
    return look_up(*login, deadline());
  };
  auto looking = on_the_pool(std::move(look));
  co_return co_await std::move(looking);
}

boost::asio::awaitable<Answer> BlockingStore::find(std::string user) {
  auto look = [this, user = std::move(user)] { return find_name(user, deadline()); };
  auto looking = on_the_pool(std::move(look));
  co_return co_await std::move(looking);
}

boost::asio::awaitable<Answer> BlockingStore::on_the_pool(std::function<Answer()> look) {
  auto work = [self = shared_from_this(), look = std::move(look)] { return self->look_or_rest(look); };
  auto answered = co_await parts_.pool.run(std::move(work));
  Answer answer;
  if (answered)
    answer = *std::move(answered);
  else
    answer = unavailable(answered.error().message);
  co_return answer;
}

Answer BlockingStore::look_or_rest(const std::function<Answer()>& look) {
  if (parts_.clock.mono().time_since_epoch().count() < rests_until_) return unavailable("it failed a moment ago");
  Answer answer;
  try {
    answer = look();
  } catch (const std::exception&) {
    answer = unavailable(base::exception_text(std::current_exception()));
  }
  if (answer.kind == Answer::Kind::unavailable) rests_until_ = (parts_.clock.mono() + rest).time_since_epoch().count();
  return answer;
}

}  // namespace godwit::auth

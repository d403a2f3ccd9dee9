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
  auto work = [self = shared_from_this(), login = std::move(login)] { return self->look_up_or_rest(*login); };
  auto answered = co_await parts_.pool.run(std::move(work));
  Answer answer;
  if (answered)
    answer = *std::move(answered);
  else
    answer = unavailable(answered.error().message);
  co_return answer;
}

Answer BlockingStore::look_up_or_rest(const Login& login) {
  if (login.gone && login.gone()) return unavailable("the client is gone");
  if (parts_.clock.mono().time_since_epoch().count() < rests_until_) return unavailable("it failed a moment ago");
  Answer answer;
  try {
    answer = look_up(login, deadline());
  } catch (const std::exception&) {
    answer = unavailable(base::exception_text(std::current_exception()));
  }
  if (answer.kind == Answer::Kind::unavailable) rests_until_ = (parts_.clock.mono() + rest).time_since_epoch().count();
  return answer;
}

}  // namespace godwit::auth

// SPDX-License-Identifier: Apache-2.0
#include "godwit/dns/bounded_resolver.hpp"

#include <utility>

namespace godwit::dns {
namespace {

template <class T>
Answer<T> refused() {
  Answer<T> answer;
  answer.why = "too many or too slow look-ups";
  return answer;
}

}  // namespace

bool BoundedResolver::may_ask() {
  if (left_ == 0 || clock_.mono() >= deadline_) return false;
  --left_;
  return true;
}

boost::asio::awaitable<Answer<Mx>> BoundedResolver::mx(std::string name) {
  if (!may_ask()) co_return refused<Mx>();
  co_return co_await inner_.mx(std::move(name));
}

boost::asio::awaitable<Answer<base::IpAddress>> BoundedResolver::addresses(std::string name, Family family) {
  if (!may_ask()) co_return refused<base::IpAddress>();
  co_return co_await inner_.addresses(std::move(name), family);
}

boost::asio::awaitable<Answer<std::string>> BoundedResolver::txt(std::string name) {
  if (!may_ask()) co_return refused<std::string>();
  co_return co_await inner_.txt(std::move(name));
}

boost::asio::awaitable<Answer<std::string>> BoundedResolver::ptr(base::IpAddress address) {
  if (!may_ask()) co_return refused<std::string>();
  co_return co_await inner_.ptr(address);
}

boost::asio::awaitable<Answer<Tlsa>> BoundedResolver::tlsa(std::string name) {
  if (!may_ask()) co_return refused<Tlsa>();
  co_return co_await inner_.tlsa(std::move(name));
}

boost::asio::awaitable<Answer<std::string>> BoundedResolver::cname(std::string name) {
  if (!may_ask()) co_return refused<std::string>();
  co_return co_await inner_.cname(std::move(name));
}

}  // namespace godwit::dns

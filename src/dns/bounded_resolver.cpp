// SPDX-License-Identifier: Apache-2.0
#include "godwit/dns/bounded_resolver.hpp"

#include <utility>

namespace godwit::dns {
namespace {

template <class T>
boost::asio::awaitable<Answer<T>> refused() {
  Answer<T> answer;
  answer.why = "too many or too slow look-ups";
  co_return answer;
}

}  // namespace

bool BoundedResolver::may_ask() {
  if (left_ == 0 || clock_.mono() >= deadline_) return false;
  --left_;
  return true;
}

boost::asio::awaitable<Answer<Mx>> BoundedResolver::mx(std::string name) {
  return may_ask() ? inner_.mx(std::move(name)) : refused<Mx>();
}

boost::asio::awaitable<Answer<base::IpAddress>> BoundedResolver::addresses(std::string name, Family family) {
  return may_ask() ? inner_.addresses(std::move(name), family) : refused<base::IpAddress>();
}

boost::asio::awaitable<Answer<std::string>> BoundedResolver::txt(std::string name) {
  return may_ask() ? inner_.txt(std::move(name)) : refused<std::string>();
}

boost::asio::awaitable<Answer<std::string>> BoundedResolver::ptr(base::IpAddress address) {
  return may_ask() ? inner_.ptr(address) : refused<std::string>();
}

boost::asio::awaitable<Answer<Tlsa>> BoundedResolver::tlsa(std::string name) {
  return may_ask() ? inner_.tlsa(std::move(name)) : refused<Tlsa>();
}

boost::asio::awaitable<Answer<std::string>> BoundedResolver::cname(std::string name) {
  return may_ask() ? inner_.cname(std::move(name)) : refused<std::string>();
}

}  // namespace godwit::dns

// SPDX-License-Identifier: Apache-2.0
// A Resolver that answers from a table.  A name with a record of one type has no data of the others; a name without any
// does not exist; `fail` makes a lookup end otherwise.  What was asked is kept, in order: "MX example.net", "AAAA
// mx.example.net".
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "godwit/base/text.hpp"
#include "godwit/dns/resolver.hpp"

namespace godwit::testing {

class FakeResolver final : public dns::Resolver {
 public:
  FakeResolver& add_mx(const std::string& name, std::uint16_t preference, std::string exchange) {
    mx_[name].push_back({.preference = preference, .exchange = std::move(exchange)});
    return *this;
  }
  FakeResolver& add_address(const std::string& name, std::string_view text) {
    const auto address = base::IpAddress::parse(text).value();
    (address.is_v4() ? v4_ : v6_)[name].push_back(address);
    return *this;
  }
  FakeResolver& add_txt(const std::string& name, std::string text) {
    return txt_[name].push_back(std::move(text)), *this;
  }
  FakeResolver& add_ptr(std::string_view address, std::string name) {
    return ptr_[std::string(address)].push_back(std::move(name)), *this;
  }
  FakeResolver& add_tlsa(const std::string& name, dns::Tlsa record) {
    return tlsa_[name].push_back(std::move(record)), *this;
  }
  // Of all that lies there, answers are not authentic; also of what an alias there leads to.
  FakeResolver& make_insecure(std::string name) { return insecure_.insert(std::move(name)), *this; }
  // name → target, for every type.
  FakeResolver& add_cname(const std::string& name, std::string target) {
    cnames_[name] = std::move(target);
    return *this;
  }
  // `lookup` as in `asked`.
  FakeResolver& fail(const std::string& lookup, dns::Status status = dns::Status::temporary,
                     std::string why = "timed out") {
    failures_[lookup] = {status, std::move(why)};
    return *this;
  }

  boost::asio::awaitable<dns::Answer<dns::Mx>> mx(std::string name) override { co_return answer("MX", name, mx_); }
  boost::asio::awaitable<dns::Answer<base::IpAddress>> addresses(std::string name, dns::Family family) override {
    if (family == dns::Family::v4) co_return answer("A", name, v4_);
    co_return answer("AAAA", name, v6_);
  }
  boost::asio::awaitable<dns::Answer<std::string>> txt(std::string name) override {
    co_return answer("TXT", name, txt_);
  }
  boost::asio::awaitable<dns::Answer<std::string>> ptr(base::IpAddress address) override {
    co_return answer("PTR", to_string(address), ptr_);
  }
  boost::asio::awaitable<dns::Answer<dns::Tlsa>> tlsa(std::string name) override {
    co_return answer("TLSA", name, tlsa_);
  }
  boost::asio::awaitable<dns::Answer<std::string>> cname(std::string name) override {
    co_return alias(base::to_lower(name));
  }
  void flush() override { ++flushes; }

  std::vector<std::string> asked;
  int flushes = 0;
  bool authentic = false;

 private:
  template <class T>
  using Table = std::map<std::string, std::vector<T>>;

  template <class T>
  dns::Answer<T> answer(std::string type, std::string name, const Table<T>& table) {
    name = base::to_lower(name);
    asked.push_back(type + " " + name);
    dns::Answer<T> result;
    if (const auto failure = failures_.find(asked.back()); failure != failures_.end()) {
      result.status = failure->second.first;
      result.why = failure->second.second;
      return result;
    }
    result.authentic = authentic && !insecure_.contains(name);
    if (const auto alias = cnames_.find(name); alias != cnames_.end()) {
      name = alias->second;
      result.authentic = result.authentic && !insecure_.contains(name);
    }
    result.canonical_name = name;
    result.ttl = std::chrono::seconds(300);
    if (const auto found = table.find(name); found != table.end()) {
      result.status = dns::Status::found;
      result.records = found->second;
    } else {
      result.status = exists(name) ? dns::Status::no_data : dns::Status::no_name;
    }
    return result;
  }

  dns::Answer<std::string> alias(const std::string& name) {
    asked.push_back("CNAME " + name);
    dns::Answer<std::string> result;
    result.canonical_name = name;
    result.authentic = authentic && !insecure_.contains(name);
    const auto found = cnames_.find(name);
    result.status = found == cnames_.end() ? dns::Status::no_data : dns::Status::found;
    if (found != cnames_.end()) result.records.push_back(found->second);
    return result;
  }

  bool exists(const std::string& name) const {
    return tlsa_.contains(name) || mx_.contains(name) || v4_.contains(name) || v6_.contains(name) ||
           txt_.contains(name);
  }

  Table<dns::Mx> mx_;
  Table<base::IpAddress> v4_;
  Table<base::IpAddress> v6_;
  Table<std::string> txt_;
  Table<dns::Tlsa> tlsa_;
  std::set<std::string> insecure_;
  Table<std::string> ptr_;
  std::map<std::string, std::string> cnames_;
  std::map<std::string, std::pair<dns::Status, std::string>> failures_;
};

}  // namespace godwit::testing

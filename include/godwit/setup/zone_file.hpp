// SPDX-License-Identifier: Apache-2.0
// A Resolver that knows what a zone file says and nothing else: to judge records before they are published.  Reads the
// master file format (RFC 1035 section 5) with $ORIGIN and $TTL, without $INCLUDE; types that mail does not need are
// passed over.  Nothing is authentic; a name that is not there does not exist.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "godwit/base/result.hpp"
#include "godwit/dns/message.hpp"
#include "godwit/dns/resolver.hpp"

namespace godwit::setup {

class ZoneFile final : public dns::Resolver {
 public:
  // Errors: invalid, with the line's number and what is wrong there.
  static base::Result<ZoneFile> parse(std::string_view text);

  boost::asio::awaitable<dns::Answer<dns::Mx>> mx(std::string name) override;
  boost::asio::awaitable<dns::Answer<base::IpAddress>> addresses(std::string name, dns::Family family) override;
  boost::asio::awaitable<dns::Answer<std::string>> txt(std::string name) override;
  boost::asio::awaitable<dns::Answer<std::string>> ptr(base::IpAddress address) override;
  boost::asio::awaitable<dns::Answer<dns::Tlsa>> tlsa(std::string name) override;
  boost::asio::awaitable<dns::Answer<std::string>> cname(std::string name) override;
  void flush() override {}

 private:
  friend class ZoneReader;
  template <class T>
  dns::Answer<T> find(const std::string& name, dns::Type type) const;

  std::multimap<std::pair<std::string, dns::Type>, dns::Rdata> records_;
  std::set<std::string> names_;  // that exist, also because there is something below them
};

}  // namespace godwit::setup

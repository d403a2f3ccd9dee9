// SPDX-License-Identifier: Apache-2.0
#include "godwit/setup/zone_file.hpp"

namespace godwit::setup {
namespace {

constexpr int most_aliases = 8;  // followed, one after the other

}  // namespace

template <class T>
dns::Answer<T> ZoneFile::find(const std::string& name, dns::Type type) const {
  dns::Answer<T> answer;
  answer.status = dns::Status::no_name;
  const auto normal = dns::normal_name(name);
  if (!normal) return answer;
  auto at = *normal;
  for (int aliases = 0; aliases <= most_aliases; ++aliases) {
    answer.canonical_name = at;
    answer.status = names_.contains(at) ? dns::Status::no_data : dns::Status::no_name;
    for (auto [each, end] = records_.equal_range({at, type}); each != end; ++each)
      answer.records.push_back(std::get<T>(each->second));
    if (!answer.records.empty()) answer.status = dns::Status::found;
    const auto alias = records_.find({at, dns::Type::cname});
    if (!answer.records.empty() || alias == records_.end()) return answer;
    at = std::get<std::string>(alias->second);
  }
  answer.status = dns::Status::temporary;
  answer.why = "too many aliases";
  return answer;
}

boost::asio::awaitable<dns::Answer<dns::Mx>> ZoneFile::mx(std::string name) {
  co_return find<dns::Mx>(name, dns::Type::mx);
}
boost::asio::awaitable<dns::Answer<base::IpAddress>> ZoneFile::addresses(std::string name, dns::Family family) {
  co_return find<base::IpAddress>(name, family == dns::Family::v4 ? dns::Type::a : dns::Type::aaaa);
}
boost::asio::awaitable<dns::Answer<std::string>> ZoneFile::txt(std::string name) {
  co_return find<std::string>(name, dns::Type::txt);
}
boost::asio::awaitable<dns::Answer<std::string>> ZoneFile::ptr(base::IpAddress address) {
  co_return find<std::string>(dns::reverse_name(address), dns::Type::ptr);
}
boost::asio::awaitable<dns::Answer<dns::Tlsa>> ZoneFile::tlsa(std::string name) {
  co_return find<dns::Tlsa>(name, dns::Type::tlsa);
}
boost::asio::awaitable<dns::Answer<std::string>> ZoneFile::cname(std::string name) {
  co_return find<std::string>(name, dns::Type::cname);
}

}  // namespace godwit::setup

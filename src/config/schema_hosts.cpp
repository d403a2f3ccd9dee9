// SPDX-License-Identifier: Apache-2.0
// Types that delivery and its routes share: how other hosts are reached.
#include "schema.hpp"

namespace godwit::config {

Type<route::TlsLevel> tls_level() {
  using route::TlsLevel;
  return word<TlsLevel>({{"none", TlsLevel::none},
                         {"opportunistic", TlsLevel::opportunistic},
                         {"require", TlsLevel::require},
                         {"verify", TlsLevel::verify},
                         {"dane", TlsLevel::dane}});
}

Type<route::AddressFamily> address_family() {
  using route::AddressFamily;
  return word<AddressFamily>({{"prefer_ipv6", AddressFamily::prefer_ipv6},
                              {"prefer_ipv4", AddressFamily::prefer_ipv4},
                              {"ipv6", AddressFamily::ipv6},
                              {"ipv4", AddressFamily::ipv4}});
}

Type<route::SourceAddress> source_address() {
  using route::SourceAddress;
  const auto alone = ip_address();
  const auto full = record<SourceAddress>({
      make_field<SourceAddress>(
          "address", [](auto& s) -> auto& { return s.address; }, alone, "", Reload::yes, Need::required),
      make_field<SourceAddress>(
          "hostname", [](auto& s) -> auto& { return s.hostname; }, host_name(), ""),
  });
  return {.name = "IP address or {address, hostname}",
          .read =
              [=](SourceAddress& target, const YAML::Node& node, Reader& reader) {
                if (node.IsMap())
                  full.read(target, node, reader);
                else
                  alone.read(target.address, node, reader);
              },
          .show = [](const SourceAddress& s) { return to_string(s.address) + " " + s.hostname; }};
}

}  // namespace godwit::config

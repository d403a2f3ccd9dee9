// SPDX-License-Identifier: Apache-2.0
// The declarations of all keys: the whole language of godwit.yaml.
#pragma once

#include <vector>

#include "godwit/config/settings.hpp"
#include "record.hpp"

namespace godwit::config {

// What is read beside the settings proper.
struct Document {
  Settings settings;
  std::vector<std::string> include;
};

Type<route::TlsLevel> tls_level();  // what deliver/ can do

Fields<Document> top_fields();
Fields<route::DomainSettings> domain_fields();
Fields<route::RouteSettings> route_fields();

}  // namespace godwit::config

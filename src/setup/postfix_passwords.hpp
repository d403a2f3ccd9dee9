// SPDX-License-Identifier: Apache-2.0
// smtp_sasl_password_maps: each password goes into a file of its own.  Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "postfix_context.hpp"

namespace godwit::setup::postfix {

struct Credentials {
  std::string user, file;
};

class RelayPasswords {
 public:
  explicit RelayPasswords(Context& context) : context_(context) {}

  void read();
  // By one of the senders, where they have passwords of their own; else by the next hop.
  std::optional<Credentials> find(const NextHop& hop, const std::vector<std::string>& senders);

 private:
  std::optional<Credentials> credentials_of(const Entry& entry);

  Context& context_;
  std::vector<Entry> entries_;
  std::map<std::string, std::string> files_;  // of an entry: where its password is
};

}  // namespace godwit::setup::postfix

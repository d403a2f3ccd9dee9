// SPDX-License-Identifier: Apache-2.0
// The address by which somebody is known outside, for the one that a message has: canonical maps, as Postfix calls
// them.  For the envelope and the header.  Const and thread-safe once made; a reload makes a new one.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/result.hpp"
#include "godwit/lookup/table.hpp"
#include "godwit/route/router.hpp"
#include "godwit/route/settings.hpp"
#include "godwit/smtp/address.hpp"

namespace godwit::route {

class Said;

class Canonical {
 public:
  struct Question {
    smtp::Mailbox address;   // with a domain
    bool is_sender = false;  // else a recipient
  };

  Canonical(const CanonicalSettings& settings, std::string detail_separator, const Lookups& lookups);

  // Nothing is ever rewritten.
  bool empty() const;
  // One address for each, the same where nothing is said of it.  In this order, each on what the one before made: the
  // map of senders or recipients, the map of all, the domains that stand for those below them.  In a map: the address,
  // without its +detail (which the new one gets), its @domain.  Once: what comes out is not looked up again.
  // Errors: io (a table cannot be asked; "TABLE: why").  It outlives the call.
  boost::asio::awaitable<base::Result<std::vector<smtp::Mailbox>>> rewrite(std::vector<Question> questions) const;

 private:
  // Settings with the tables found.
  struct Map {
    std::map<std::string, std::string, std::less<>> addresses;
    std::vector<std::shared_ptr<lookup::Table>> tables;
    bool empty() const { return addresses.empty() && tables.empty(); }
  };
  static Map make_map(const AddressMapSettings& settings, const Lookups& lookups);
  static std::optional<std::string> find(const Map& map, const std::string& key, Said& said);
  smtp::Mailbox apply(const Map& map, smtp::Mailbox address, Said& said) const;
  smtp::Mailbox masquerade(smtp::Mailbox address) const;
  smtp::Mailbox rewrite_one(const Question& question, Said& said) const;

  std::string detail_separator_;
  Map senders_, recipients_, all_;
  std::vector<std::string> masqueraded_;
  std::vector<std::string> unmasked_;
};

}  // namespace godwit::route

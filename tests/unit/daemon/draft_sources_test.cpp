// SPDX-License-Identifier: Apache-2.0
#include "daemon/draft_sources.hpp"

#include <gmock/gmock.h>

namespace godwit::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class SourcesOfDrafts : public ::testing::Test {
 protected:
  SourcesOfDrafts() {
    auth::StoreSettings store;
    store.type = auth::StoreType::ldap;
    store.url = "ldaps://directory.example.com";
    store.bind_password_file = "/etc/godwit/ldap";
    running.auth.stores = {auth::StoreSettings(), store};
    auto& table = running.lookup.tables["users"];
    table.type = lookup::TableType::postgresql;
    table.connection = "host=db.example.com";
    table.query = "SELECT name FROM users WHERE name = {key}";
    draft = running;
  }
  std::vector<std::string> foreign() const { return foreign_sources(running, draft); }
  config::Settings running, draft;
};

TEST_F(SourcesOfDrafts, AreThoseThatAreAskedNow) {
  EXPECT_THAT(foreign(), IsEmpty());
  draft.lookup.tables["people"] = draft.lookup.tables["users"];
  draft.lookup.tables.erase("users");
  draft.auth.stores.erase(draft.auth.stores.begin());
  draft.auth.stores[0].timeout = std::chrono::seconds(1);
  EXPECT_THAT(foreign(), IsEmpty());
}

TEST_F(SourcesOfDrafts, AreNotAskedElsewhereOrAsSomebodyElse) {
  const std::vector<void (*)(auth::StoreSettings&)> changes{
      [](auto& store) { store.url = "ldap://attacker.example"; },
      [](auto& store) { store.bind_password_file = "/etc/godwit/tls/privkey.pem"; },
      [](auto& store) { store.filter = "(mail={user})"; },
      [](auto& store) { store.name_attribute = "userPassword"; },
  };
  for (const auto change : changes) {
    draft = running;
    change(draft.auth.stores[1]);
    EXPECT_THAT(foreign(), ElementsAre(StartsWith("accounts[1]: ")));
  }
}

TEST_F(SourcesOfDrafts, AreNotAskedForSomethingElse) {
  draft.lookup.tables["users"].query = "SELECT password FROM users WHERE name = {key}";
  EXPECT_THAT(foreign(), ElementsAre(StartsWith("tables.users: ")));
  draft = running;
  draft.lookup.tables["new"].type = lookup::TableType::sqlite;
  EXPECT_THAT(foreign(), ElementsAre(StartsWith("tables.new: ")));
  draft.lookup.tables["new"].type = lookup::TableType::file;
  EXPECT_THAT(foreign(), IsEmpty());
}

TEST_F(SourcesOfDrafts, AreNoLmtpServersThatAreNotAskedNow) {
  const auto lmtp = [](const std::string& server) {
    route::DomainSettings domain;
    domain.deliver = {.kind = route::DeliverKind::lmtp, .argument = server};
    domain.recipients = route::RecipientRule::lmtp;
    return domain;
  };
  running.route.domains = {{"a.example", lmtp("10.0.0.1:24")}, {"b.example", lmtp("10.0.0.2:24")}};
  running.route.domains.at("b.example").recipients = route::RecipientRule::accounts;
  draft.route.domains = {{"a.example", lmtp("10.0.0.1:24")}, {"c.example", lmtp("10.0.0.1:24")}};
  EXPECT_THAT(foreign(), IsEmpty());
  draft.route.domains["b.example"] = lmtp("10.0.0.2:24");
  draft.route.domains["d.example"] = lmtp("169.254.169.254:80");
  EXPECT_THAT(foreign(), ElementsAre(StartsWith("domains.b.example.recipients: a draft asks only"),
                                     StartsWith("domains.d.example.recipients: ")));
  draft.route.domains["b.example"].recipients = route::RecipientRule::accounts;  // delivered there, not asked
  draft.route.domains.erase("d.example");
  EXPECT_THAT(foreign(), IsEmpty());
}

}  // namespace
}  // namespace godwit::daemon

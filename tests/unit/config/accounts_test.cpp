// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/config/config_text.hpp"

namespace godwit::config {
namespace {

using namespace std::chrono_literals;
using auth::StoreType;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::errors;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::load_below;
using ::testing::SizeIs;

TEST(AccountStores, PathAloneOrAListOfPathsAndMaps) {
  EXPECT_EQ(load_below("accounts: /a.yaml\n").settings.auth.stores.at(0).path, "/a.yaml");
  const auto loaded = load_below(
      "accounts:\n"
      "  - /a.yaml\n"
      "  - {type: dovecot, path: /run/dovecot/auth-client, service: smtp, timeout: 3s}\n"
      "  - {type: saslauthd, path: /run/saslauthd/mux, domain: Example.com}\n"
      "  - {type: sqlite, path: /u.sqlite, query: 'SELECT password FROM u WHERE name = $1', scram: yes}\n"
      "  - {type: postgresql, connection: host=/run/postgresql, query: 'SELECT password FROM u WHERE name = $1'}\n"
      "  - {type: ldap, url: 'ldap://ldap.example.com', start_tls: true, base: 'dc=example', filter: "
      "'(mail={user})'}\n");
  ASSERT_THAT(errors(loaded), IsEmpty());
  const auto& stores = loaded.settings.auth.stores;
  ASSERT_THAT(stores, SizeIs(6));
  EXPECT_EQ(stores[0].type, StoreType::file);
  EXPECT_EQ(stores[1].type, StoreType::dovecot);
  EXPECT_EQ(stores[1].timeout, 3s);
  EXPECT_EQ(stores[2].domain, "example.com");
  EXPECT_TRUE(stores[3].scram);
  EXPECT_EQ(stores[4].connection, "host=/run/postgresql");
  EXPECT_EQ(stores[5].filter, "(mail={user})");
}

TEST(AccountStores, TypeSaysWhatIsNeeded) {
  EXPECT_THAT(errors(load_below("accounts: [{path: /x}]\n")), ElementsAre(HasSubstr("accounts[0] needs type")));
  EXPECT_THAT(errors(load_below("accounts: [{type: dovecot}]\n")), ElementsAre(HasSubstr("type dovecot needs path")));
  EXPECT_THAT(errors(load_below("accounts: [{type: sqlite, path: /x}]\n")),
              ElementsAre(HasSubstr("type sqlite needs query")));
  EXPECT_THAT(errors(load_below("accounts: [{type: oracle, path: /x}]\n")), ElementsAre(HasSubstr("\"oracle\"")));
}

TEST(AccountStores, KeysOfAnotherTypeAreRefusedAtTheirPlace) {
  EXPECT_THAT(errors(load_below("accounts:\n  - type: dovecot\n    path: /x\n    query: SELECT 1\n")),
              ElementsAre("godwit.yaml:5:12: accounts[0].query means nothing to a store of type dovecot"));
}

TEST(AccountStores, PasswordsDoNotGoToAnLdapServerInTheClear) {
  const auto problems = [](const std::string& url) {
    return errors(load_below("accounts: [{type: ldap, url: '" + url + "', base: x, filter: '(uid={local})'}]\n"));
  };
  EXPECT_THAT(problems("ldap://ldap.example.com"), ElementsAre(HasSubstr("in the clear")));
  EXPECT_THAT(problems("ldap://127.0.0.1:3389"), IsEmpty());
  EXPECT_THAT(problems("ldaps://ldap.example.com"), IsEmpty());
  EXPECT_THAT(problems("ldapi://%2Frun%2Fldapi"), IsEmpty());
}

TEST(AccountStores, RecipientsNeedAStoreThatTells) {
  const std::string domain = "domains: {example.com: {deliver: 'maildir:/m/{local}', recipients: accounts}}\n";
  EXPECT_THAT(errors(load_below("accounts: [{type: dovecot, path: /x}]\n" + domain)),
              ElementsAre(HasSubstr("no store can tell")));
  EXPECT_THAT(errors(load_below("accounts: [{type: dovecot, path: /x}, /a.yaml]\n" + domain)), IsEmpty());
  EXPECT_THAT(errors(load_below("accounts: [{type: dovecot, path: /x, userdb: /y}]\n" + domain)), IsEmpty());
  const auto mixed = load_below("accounts: [{type: saslauthd, path: /x}, /a.yaml]\n" + domain);
  EXPECT_THAT(errors(mixed), IsEmpty());
  EXPECT_THAT(mixed.diagnostics, Contains(::testing::Field(&Diagnostic::message,
                                                           HasSubstr("saslauthd cannot tell which addresses exist"))));
}

TEST(Introspection, TokensGoToNobodyInTheClear) {
  const auto problems = [](const std::string& url) {
    return errors(load_below("authentication: {introspection: {url: '" + url + "'}}\n"));
  };
  EXPECT_THAT(problems("https://login.example.com/introspect"), IsEmpty());
  EXPECT_THAT(problems("http://127.0.0.1:8080/"), IsEmpty());
  EXPECT_THAT(problems("http://login.example.com/"), ElementsAre(HasSubstr("is no https:// URL")));
  EXPECT_THAT(problems("login.example.com"), ElementsAre(HasSubstr("is no https:// URL")));
}

TEST(Introspection, ScopeIsOneWord) {
  EXPECT_THAT(errors(load_below("authentication: {introspection: {scope: 'a b'}}\n")),
              ElementsAre(HasSubstr("is no scope")));
}

}  // namespace
}  // namespace godwit::config

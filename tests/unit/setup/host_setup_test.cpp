// SPDX-License-Identifier: Apache-2.0
#include "godwit/setup/host_setup.hpp"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "godwit/auth/accounts.hpp"
#include "godwit/config/config.hpp"
#include "godwit/net/certificate_identity.hpp"
#include "godwit/net/tls.hpp"
#include "godwit/setup/new_file.hpp"
#include "godwit/setup/zone_file.hpp"

namespace godwit::setup {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using How = Done::How;

const base::WallTime now = *base::parse_rfc3339("2026-11-29T09:00:00Z");

class HostSetupTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string made = ::testing::TempDir() + "/setup.XXXXXX";
    ASSERT_NE(::mkdtemp(made.data()), nullptr);
    folder = made;
    wishes.domain = "example.com";
    wishes.hostname = "mail.example.com";
    wishes.folder = (folder / "host").string();
    wishes.addresses = {*base::IpAddress::parse("192.0.2.25")};
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  HostSetup made() {
    auto result = set_up_host(wishes, facts, now);
    if (!result) throw std::runtime_error(result.error().message);
    return *std::move(result);
  }
  std::string refused() {
    const auto result = set_up_host(wishes, facts, now);
    return result ? "" : result.error().message;
  }
  std::string path(const std::string& name) const { return wishes.folder + "/" + name; }
  std::string text(const std::string& name) const { return read_small_file(path(name)).value_or("(none)"); }
  void put(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name)) << content;
  }
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
      if (entry.is_regular_file()) all[entry.path()] = read_small_file(entry.path()).value();
    return all;
  }

  std::filesystem::path folder;
  Wishes wishes;
  MachineFacts facts;
};

TEST_F(HostSetupTest, AnEmptyFolderBecomesAHostThatCanRun) {
  const auto host = made();
  const auto loaded = config::load(path("godwit.yaml"));
  ASSERT_TRUE(loaded.ok());
  EXPECT_THAT(config::check_environment(loaded), IsEmpty());
  EXPECT_EQ(loaded.settings.hostname, "mail.example.com");
  EXPECT_TRUE(loaded.settings.route.domains.contains("example.com"));
  EXPECT_THAT(loaded.settings.mailauth.keys, SizeIs(1));
  EXPECT_THAT(loaded.settings.server.listeners, SizeIs(3));
  EXPECT_THAT(loaded.settings.policy.checks.mx, Not(IsEmpty())) << "what is surely bad is refused";
  EXPECT_TRUE(net::check_certificate(loaded.settings.tls.certificates.at(0)));
  EXPECT_TRUE(auth::load_accounts({path("accounts.yaml")})->exists("postmaster@example.com"));
  EXPECT_THAT(host.password, Not(IsEmpty()));
  EXPECT_TRUE(ZoneFile::parse(zone_text(host.publication)));
  EXPECT_EQ(host.publication.tlsa, *net::tlsa_of(loaded.settings.tls.certificates.at(0)));
}

TEST_F(HostSetupTest, AHostMayOrderItsCertificateItself) {
  wishes.orders_certificate = true;
  const auto host = made();
  const auto loaded = config::load(path("godwit.yaml"));
  ASSERT_TRUE(loaded.ok());
  EXPECT_THAT(config::check_environment(loaded), IsEmpty());
  EXPECT_TRUE(loaded.settings.acme.terms_of_service_agreed);
  ASSERT_THAT(loaded.settings.tls.certificates, SizeIs(1));
  const auto& files = loaded.settings.tls.certificates[0];
  EXPECT_TRUE(files.is_awaited);
  EXPECT_FALSE(std::filesystem::exists(files.certificate)) << "that is the daemon's matter";
  EXPECT_FALSE(host.publication.tlsa);
  EXPECT_THAT(host.remarks, Contains(HasSubstr("godwitd gets its certificate itself")));
  // When it is there.
  const auto made_there = net::make_self_signed("mail.example.com", now, std::chrono::hours(1));
  put("state/acme/certificate.pem", made_there->certificate + made_there->private_key);
  EXPECT_EQ(made().publication.tlsa, *net::tlsa_of(files));
}

TEST_F(HostSetupTest, RspamdIsAskedWhereItIs) {
  made();
  EXPECT_THAT(config::load(path("godwit.yaml")).settings.policy.milters, IsEmpty());
  facts.has_rspamd = true;
  EXPECT_THAT(made().remarks, Contains(HasSubstr("rspamd is installed, and nothing here asks it")));
  std::filesystem::remove_all(wishes.folder);
  EXPECT_THAT(made().remarks, Not(Contains(HasSubstr("rspamd"))));
  const auto loaded = config::load(path("godwit.yaml"));
  ASSERT_TRUE(loaded.ok());
  ASSERT_THAT(loaded.settings.policy.milters, SizeIs(1));
  EXPECT_EQ(loaded.settings.policy.milters[0].name, "rspamd");
}

TEST_F(HostSetupTest, AConfigurationThatIsThereIsNotChangedForACertificate) {
  made();
  const auto before = files();
  wishes.orders_certificate = true;
  EXPECT_THAT(made().remarks, Contains(HasSubstr("set tls.acme in it")));
  EXPECT_EQ(files(), before);
}

TEST_F(HostSetupTest, SecretsAreNotForEverybody) {
  made();
  for (const char* name : {"dkim/example.com.20261129.pem", "tls/privkey.pem", "accounts.yaml"}) {
    struct stat status {};
    ASSERT_EQ(::stat(path(name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & S_IRWXO, 0U) << name;
  }
}

TEST_F(HostSetupTest, ASecondRunChangesNothing) {
  made();
  const auto before = files();
  const auto again = made();
  EXPECT_EQ(files(), before);
  EXPECT_THAT(again.password, IsEmpty());
  EXPECT_THAT(again.done, Not(Contains(Field(&Done::how, Not(How::kept)))));
}

TEST_F(HostSetupTest, ARunThatWasCutShortIsCompleted) {
  made();
  const auto whole = files();
  for (const char* missing : {"godwit.yaml", "conf.d/example.com.yaml", "dkim/example.com.20261129.pem",
                              "tls/privkey.pem", "tls/fullchain.pem", "accounts.yaml", "publish/example.com.zone"}) {
    std::filesystem::remove(path(missing));
    if (std::string_view(missing) == "tls/fullchain.pem") {
      // The key may be somebody's who waits for the certificate.
      EXPECT_THAT(made().remarks, Contains(HasSubstr("without its certificate")));
      std::filesystem::remove(path("tls/privkey.pem"));
    }
    made();
    const auto loaded = config::load(path("godwit.yaml"));
    EXPECT_TRUE(loaded.ok() && config::check_environment(loaded).empty()) << missing;
    EXPECT_EQ(files().size(), whole.size()) << missing;
    EXPECT_TRUE(net::check_certificate(loaded.settings.tls.certificates.at(0))) << missing;
  }
}

TEST_F(HostSetupTest, AnotherDomainGetsAFileOfItsOwn) {
  made();
  const auto host_before = text("godwit.yaml");
  wishes.domain = "example.net";
  wishes.hostname = "";
  const auto second = made();
  EXPECT_EQ(text("godwit.yaml"), host_before);
  EXPECT_EQ(second.publication.hostname, "mail.example.com");
  EXPECT_THAT(second.password, IsEmpty());  // its postmaster is the host's
  const auto loaded = config::load(path("godwit.yaml"));
  ASSERT_TRUE(loaded.ok());
  EXPECT_THAT(loaded.settings.route.domains, SizeIs(2));
  EXPECT_THAT(loaded.settings.mailauth.keys, SizeIs(2));
}

TEST_F(HostSetupTest, AConfigurationOfSomebodysOwnIsKept) {
  put("godwit.yaml", "hostname: mx.example.com\ndomains:\n  example.org: {deliver: \"discard:\", recipients: any}\n");
  wishes.hostname = "";
  EXPECT_THAT(refused(), HasSubstr("include: conf.d/*.yaml"));
  EXPECT_THAT(files(), SizeIs(1));
  wishes.domain = "example.org";
  const auto host = made();
  EXPECT_EQ(host.publication.hostname, "mx.example.com");
  EXPECT_THAT(host.remarks, Contains(HasSubstr("not signed")));
  EXPECT_THAT(host.remarks, Contains(HasSubstr("no certificate")));
}

TEST_F(HostSetupTest, AConfigurationWithErrorsIsReportedAndLeft) {
  put("godwit.yaml", "hostnam: mail.example.com\n");
  EXPECT_THAT(refused(), HasSubstr("godwit.yaml:1:1: unknown key \"hostnam\""));
  put("godwit.yaml", "");
  EXPECT_THAT(refused(), HasSubstr("has errors"));
  EXPECT_THAT(files(), SizeIs(1));
}

TEST_F(HostSetupTest, AHalfWrittenFileOfADomainIsReported) {
  put("conf.d/example.com.yaml", "domains:\n  example.com: {deliv");
  EXPECT_THAT(refused(), HasSubstr("conf.d/example.com.yaml:2"));
  EXPECT_THAT(files(), SizeIs(1));
}

TEST_F(HostSetupTest, AnotherHostNameIsRefused) {
  made();
  wishes.hostname = "mx.example.com";
  EXPECT_THAT(refused(), HasSubstr("names the host mail.example.com"));
}

TEST_F(HostSetupTest, DamagedKeysAndAccountsAreReportedNotReplaced) {
  put("dkim/example.com.old.pem", "no key");
  EXPECT_THAT(refused(), HasSubstr("dkim/example.com.old.pem"));
  EXPECT_EQ(text("dkim/example.com.old.pem"), "no key");
  put("accounts.yaml", "not: [accounts");
  EXPECT_THAT(refused(), HasSubstr("accounts.yaml"));
}

TEST_F(HostSetupTest, AFileInPlaceOfAFolderIsReported) {
  std::ofstream(wishes.folder) << "x";
  EXPECT_THAT(refused(), HasSubstr("Not a directory"));
}

TEST_F(HostSetupTest, ACertificateOfAnAuthorityIsTakenAndReplacesOurStopgap) {
  made();
  const auto stopgap = text("tls/fullchain.pem");
  const auto issued = *net::make_self_signed("mail.example.com", now, std::chrono::hours(1000));
  const auto lineage = folder / "letsencrypt";
  std::filesystem::create_directories(lineage);
  std::ofstream(lineage / "fullchain.pem") << issued.certificate;
  std::ofstream(lineage / "privkey.pem") << issued.private_key;
  facts.certificates = {{.files = {.certificate = lineage / "fullchain.pem", .private_key = lineage / "privkey.pem"},
                         .names = {"mail.example.com"},
                         .not_after = now + std::chrono::hours(1000)}};
  made();
  EXPECT_NE(text("tls/fullchain.pem"), stopgap);
  EXPECT_EQ(text("tls/fullchain.pem"), issued.certificate);
}

TEST(CertificateFor, TheOneThatIsValidLongestIsTaken) {
  MachineFacts facts;
  const auto add = [&](const char* name, int hours) {
    facts.certificates.push_back({.files = {.certificate = name, .private_key = {}},
                                  .names = {name},
                                  .not_after = now + std::chrono::hours(hours)});
  };
  add("mail.example.com", -1);
  EXPECT_EQ(certificate_for(facts, "mail.example.com", now), nullptr);
  add("other.example.com", 9);
  EXPECT_EQ(certificate_for(facts, "mail.example.com", now), nullptr);
  add("mail.example.com", 1);
  add("*.example.com", 5);
  EXPECT_EQ(certificate_for(facts, "mail.example.com", now)->files.certificate, "*.example.com");
  EXPECT_EQ(certificate_for(facts, "a.mail.example.com", now), nullptr);
}

TEST(ReadDomainName, NamesArePutIntoTheFormOfDns) {
  EXPECT_EQ(*read_domain_name("Example.COM."), "example.com");
  EXPECT_EQ(*read_domain_name("B\u00fccher.example"), "xn--bcher-kva.example");
  for (const char* bad : {"", ".", "localhost", "a..b", "-a.example", "exa mple.com", "192.0.2.1", "[192.0.2.1]",
                          "1.2.3", "a_b.com", "$(id).com", "a/b.com", "\xff.com", "example.com\n"})
    EXPECT_FALSE(read_domain_name(bad) && std::string_view(bad) != "example.com\n") << bad;
}

TEST(IsPublic, AddressesThatNobodyReachesAreNot) {
  for (const char* text :
       {"10.1.2.3", "127.0.0.1", "192.168.1.1", "100.64.0.1", "169.254.1.1", "::1", "fe80::1", "fd00::1"})
    EXPECT_FALSE(is_public(*base::IpAddress::parse(text))) << text;
  for (const char* text : {"8.8.8.8", "2001:4860:4860::8888"})
    EXPECT_TRUE(is_public(*base::IpAddress::parse(text))) << text;
}

TEST(ZoneText, TheIdOfMtaStsFollowsThePolicy) {
  EXPECT_EQ(sts_record("a.example"), sts_record("a.example"));
  EXPECT_NE(sts_record("a.example"), sts_record("b.example"));
}

TEST(ZoneText, WithoutAnAddressALineIsLeftToFillIn) {
  const auto text = zone_text({.domain = "example.com",
                               .hostname = "mail.example.com",
                               .addresses = {},
                               .keys = {},
                               .tlsa = {},
                               .reports = "postmaster@example.com"});
  EXPECT_THAT(text, HasSubstr("; mail.example.com. IN A 192.0.2.1"));
  EXPECT_TRUE(ZoneFile::parse(text));
}

}  // namespace
}  // namespace godwit::setup

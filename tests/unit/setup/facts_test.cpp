// SPDX-License-Identifier: Apache-2.0
#include "godwit/setup/facts.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>

#include "godwit/net/file_descriptor.hpp"
#include "support/test_certificate.hpp"

namespace godwit::setup {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class TheseAddresses final : public net::Interfaces {
 public:
  explicit TheseAddresses(std::vector<std::string> texts) : texts_(std::move(texts)) {}
  base::Result<std::vector<base::IpAddress>> addresses() const override {
    if (texts_.empty()) return base::fail(base::ErrorKind::io, "the kernel does not say");
    std::vector<base::IpAddress> all;
    for (const auto& text : texts_) all.push_back(*base::IpAddress::parse(text));
    return all;
  }

 private:
  std::vector<std::string> texts_;
};

class MachineFactsTest : public ::testing::Test {
 protected:
  std::string folder(const std::string& name) const {
    std::filesystem::create_directories(root / name);
    return root / name;
  }
  void put(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(root / name).parent_path());
    root.write(name, text);
  }
  void certificate(const std::string& lineage, const testing::CertificateWish& wish) const {
    const auto made = testing::make_certificate(elsewhere, std::to_string(++made_), wish);
    std::filesystem::copy_file(made.certificate, folder(lineage) + "/fullchain.pem");
    std::filesystem::copy_file(made.private_key, folder(lineage) + "/privkey.pem");
  }
  MachineFacts found(std::vector<std::string> addresses = {"192.0.2.25"}) const {
    return find_machine_facts(root / "", TheseAddresses(std::move(addresses)));
  }

  testing::TemporaryFolder root, elsewhere;
  mutable int made_ = 0;
};

TEST_F(MachineFactsTest, OfAnEmptyMachineNothingIsFound) {
  const auto facts = found({});
  EXPECT_EQ(facts.hostname, "");
  EXPECT_THAT(facts.addresses, IsEmpty()) << "also where the kernel does not say";
  EXPECT_THAT(facts.certificates, IsEmpty());
  EXPECT_EQ(facts.lmtp_socket, "");
  EXPECT_FALSE(facts.has_rspamd);
  EXPECT_FALSE(facts.has_certbot);
}

TEST_F(MachineFactsTest, OnlyPublicAddressesCount) {
  const auto facts = found({"127.0.0.1", "10.1.2.3", "192.0.2.25", "fe80::1", "fd00::1", "2001:db8::25", "100.64.0.1"});
  std::vector<std::string> shown;
  for (const auto& address : facts.addresses) shown.push_back(base::to_string(address));
  EXPECT_THAT(shown, ElementsAre("192.0.2.25", "2001:db8::25"));
}

TEST_F(MachineFactsTest, TheNameIsCompletedAsTheSystemDoes) {
  put("etc/hostname", "Mail.Example.COM\n");
  EXPECT_EQ(found().hostname, "mail.example.com");
  put("etc/hostname", "mail\n");
  EXPECT_EQ(found().hostname, "");
  put("etc/hosts", "127.0.0.1 localhost\n127.0.1.1 mail.lan mail.example.org mail # as installed\n");
  EXPECT_EQ(found().hostname, "mail.example.org");
  put("etc/hostname", "mail.lan\n");
  put("etc/hosts", "127.0.1.1 mail.lan\n");
  EXPECT_EQ(found().hostname, "") << "a name that nobody else knows";
}

TEST_F(MachineFactsTest, CertificatesOfCertbotAndDehydratedAreFound) {
  certificate("etc/letsencrypt/live/one", {.names = {"mail.example.com"}, .valid_for = 90000});
  certificate("etc/letsencrypt/live/two", {.names = {"*.example.com"}, .valid_for = 190000});
  certificate("var/lib/dehydrated/certs/old", {.names = {"mail.example.com"}, .valid_from = -7200, .valid_for = 3600});
  put("etc/letsencrypt/live/broken/fullchain.pem", "none");
  const auto facts = found();
  EXPECT_EQ(facts.certificates.size(), 3U);
  EXPECT_TRUE(facts.has_certbot);
  const auto now = base::SystemClock().wall();
  const auto* best = certificate_for(facts, "mail.example.com", now);
  ASSERT_NE(best, nullptr);
  EXPECT_THAT(best->names, ElementsAre("*.example.com")) << "it is valid longest";
  EXPECT_EQ(certificate_for(facts, "mail.example.org", now), nullptr);
}

TEST_F(MachineFactsTest, DovecotAndRspamdAreFound) {
  folder("etc/rspamd");
  put("run/dovecot/lmtp", "a file that is no socket");
  EXPECT_EQ(found().lmtp_socket, "");
  std::filesystem::remove(root / "run/dovecot/lmtp");
  const net::FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  std::strncpy(address.sun_path, (root / "run/dovecot/lmtp").c_str(), sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  const auto facts = found();
  EXPECT_EQ(facts.lmtp_socket, "/run/dovecot/lmtp");
  EXPECT_TRUE(facts.has_rspamd);
}

}  // namespace
}  // namespace godwit::setup

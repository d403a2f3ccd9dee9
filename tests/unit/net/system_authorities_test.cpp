// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/system_authorities.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "godwit/net/openssl.hpp"
#include "support/test_certificate.hpp"

namespace godwit::net {
namespace {

using StorePtr = std::unique_ptr<X509_STORE, Free<&X509_STORE_free>>;
using ContextPtr = std::unique_ptr<X509_STORE_CTX, Free<&X509_STORE_CTX_free>>;

class SystemAuthorities : public ::testing::Test {
 protected:
  // The PEM text of a certificate of its own authority.
  std::string make(const std::string& name) {
    const auto files = testing::make_certificate(folder, "made", {.names = {name}});
    return text_of(files.certificate);
  }
  static std::string text_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static X509Ptr parse(const std::string& pem) {
    const BioPtr memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    return X509Ptr(PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr));
  }
  bool is_trusted(X509& certificate) const { return is_trusted_by(*store, certificate); }
  static bool is_trusted_by(X509_STORE& judge, X509& certificate) {
    const ContextPtr context(X509_STORE_CTX_new());
    X509_STORE_CTX_init(context.get(), &judge, &certificate, nullptr);
    X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_NO_CHECK_TIME);  // an authority may have had its day
    return X509_verify_cert(context.get()) == 1;
  }
  std::size_t trust(const std::string& text) { return trust_lazily(*store, folder.write("bundle", text)).value(); }

  const testing::TemporaryFolder folder;
  const StorePtr store{X509_STORE_new()};
};

TEST_F(SystemAuthorities, WhatIsInTheFileIsTrustedAndNothingElse) {
  const auto one = make("one.example"), two = make("two.example"), other = make("other.example");
  EXPECT_EQ(trust(one + two), 2U);
  EXPECT_TRUE(is_trusted(*parse(two)));
  EXPECT_TRUE(is_trusted(*parse(two)));  // kept by the store now
  EXPECT_TRUE(is_trusted(*parse(one)));
  EXPECT_FALSE(is_trusted(*parse(other)));
}

// As by a store that has read the whole file; of several authorities of one name OpenSSL may take the wrong one.
TEST_F(SystemAuthorities, SeveralOfOneNameAreTrustedAsEver) {
  const auto one = make("same.example"), two = make("same.example"), other = make("same.example");
  EXPECT_EQ(trust(one + two), 2U);
  const StorePtr whole(X509_STORE_new());
  X509_STORE_load_file(whole.get(), (folder / "bundle").c_str());
  for (const auto& pem : {one, two, other}) {
    const auto certificate = parse(pem);
    EXPECT_EQ(is_trusted(*certificate), is_trusted_by(*whole, *certificate)) << pem;
  }
  EXPECT_FALSE(is_trusted(*parse(other)));
}

TEST_F(SystemAuthorities, DamageTakesOneCertificateAway) {
  const auto one = make("one.example"), two = make("two.example"), three = make("three.example");
  auto damaged = make("damaged.example"), shortened = make("short.example");
  damaged[damaged.size() / 2] = '!';
  shortened.erase(shortened.find('\n') + 1, 4);  // what DER it begins with
  EXPECT_EQ(trust("# authorities\n" + damaged + one + shortened + "-----BEGIN PRIVATE KEY-----\nAAAA\n" + two +
                  "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n" + three),
            2U);
  EXPECT_TRUE(is_trusted(*parse(one)));
  EXPECT_TRUE(is_trusted(*parse(three)));
}

TEST_F(SystemAuthorities, AFileWithoutCertificatesMakesNothingTrusted) {
  EXPECT_EQ(trust("no certificates here\n"), 0U);
  EXPECT_FALSE(is_trusted(*parse(make("one.example"))));
  EXPECT_EQ(trust_lazily(*store, folder / "missing").error().kind, base::ErrorKind::not_found);
}

TEST_F(SystemAuthorities, AStoreTakesOneFile) {
  EXPECT_EQ(trust(make("one.example")), 1U);
  EXPECT_EQ(trust_lazily(*store, folder / "bundle").error().kind, base::ErrorKind::invalid);
}

TEST_F(SystemAuthorities, ThreadsVerifyAtOnce) {
  constexpr int names = 20, threads = 4;
  std::string bundle;
  std::vector<std::string> certificates;
  for (int name = 0; name < names; ++name) bundle += certificates.emplace_back(make(std::to_string(name) + ".example"));
  EXPECT_EQ(trust(bundle), std::size_t{names});
  std::vector<int> trusted(threads);
  {
    std::vector<std::jthread> running;
    for (int& count : trusted)
      running.emplace_back([&] {
        for (const auto& certificate : certificates) count += is_trusted(*parse(certificate)) ? 1 : 0;
      });
  }
  EXPECT_THAT(trusted, ::testing::Each(names));
}

// Real authorities have names, keys and extensions of all kinds.
TEST_F(SystemAuthorities, ThoseOfTheSystemAreTrustedAsEver) {
  const std::string bundle = "/etc/ssl/certs/ca-certificates.crt";
  // The package needs ca-certificates, the build and the tests do not; the tests above have bundles of their own.
  if (!std::filesystem::exists(bundle)) GTEST_SKIP() << "this system has no " << bundle;
  trust_system_authorities(*store);
  const StorePtr whole(X509_STORE_new());
  X509_STORE_load_file(whole.get(), bundle.c_str());
  const BioPtr file(BIO_new_file(bundle.c_str(), "r"));
  std::size_t count = 0, trusted = 0;
  while (const X509Ptr authority{PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr)}) {
    EXPECT_EQ(is_trusted(*authority), is_trusted_by(*whole, *authority)) << "number " << count;
    trusted += is_trusted(*authority) ? 1 : 0;
    ++count;
  }
  EXPECT_GT(trusted, count * 9 / 10);
  const StorePtr counted(X509_STORE_new());
  EXPECT_EQ(trust_lazily(*counted, bundle).value(), count);
}

}  // namespace
}  // namespace godwit::net

// SPDX-License-Identifier: Apache-2.0
// Certificates beside TLSA records (RFC 6698, RFC 7672 section 3).
#include "net/dane.hpp"

#include <cstdint>
#include <utility>

#include <gmock/gmock.h>
#include <openssl/pem.h>

#include "godwit/net/tls.hpp"
#include "support/run_on.hpp"
#include "support/scripted_stream.hpp"
#include "support/test_certificate.hpp"

// GCC 12 sees through the operator new of Asio's frames but not through their delete.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace godwit::net {
namespace {

using testing::make_certificate;

constexpr std::uint8_t whole = 0, key = 1;                    // selectors
constexpr std::uint8_t full = 0, sha2_256 = 1, sha2_512 = 2;  // matching types

std::string hashed(const std::string& data, const EVP_MD* method) {
  std::string hash(static_cast<std::size_t>(EVP_MD_get_size(method)), '\0');
  EVP_Digest(data.data(), data.size(), reinterpret_cast<unsigned char*>(hash.data()), nullptr, method, nullptr);
  return hash;
}

std::string der_of(const CertificateSettings& settings, std::uint8_t selector) {
  const BioPtr file(BIO_new_file(settings.certificate.c_str(), "r"));
  const X509Ptr certificate(PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr));
  unsigned char* der = nullptr;
  const int size = selector == whole ? i2d_X509(certificate.get(), &der)
                                     : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &der);
  std::string data(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return data;
}

dns::Tlsa record(const CertificateSettings& settings, std::uint8_t usage, std::uint8_t selector,
                 std::uint8_t matching) {
  auto data = der_of(settings, selector);
  if (matching == sha2_256) data = hashed(data, EVP_sha256());
  if (matching == sha2_512) data = hashed(data, EVP_sha512());
  return {.usage = usage, .selector = selector, .matching = matching, .data = std::move(data)};
}

class Dane : public ::testing::Test {
 protected:
  // "ok", or why the client refuses.
  std::string connect(const CertificateSettings& server, std::vector<dns::Tlsa> records) {
    auto [a, b] = testing::ScriptedStream::make_pair(io_.get_executor(), {}, {});
    TlsSettings offered;
    offered.certificates = {server};
    TlsSettings trusted;
    trusted.ca_file = other_.certificate;
    const auto accepting = TlsServerContext::load(offered).value();
    const auto connecting = TlsClientContext::load(trusted).value();
    TlsClientOptions options{.server_name = "mx.example.net", .names = {"mx.example.net"}, .tlsa = std::move(records)};
    auto [accepted, connected] =
        testing::run_together(io_, tls_accept(std::move(a), accepting, base::no_deadline),
                              tls_connect(std::move(b), connecting, std::move(options), base::no_deadline));
    return connected ? "ok" : connected.error().message;
  }

  testing::TemporaryFolder folder_;
  const CertificateSettings other_ = make_certificate(folder_, "other", {.names = {"other.example"}});
  const CertificateSettings ours_ = make_certificate(folder_, "ours", {.names = {"mx.example.net"}});
  boost::asio::io_context io_;
};

TEST_F(Dane, EverySelectorAndMatchingTypeIsKnown) {
  for (const auto selector : {whole, key})
    for (const auto matching : {full, sha2_256, sha2_512})
      EXPECT_EQ(connect(ours_, {record(ours_, 3, selector, matching)}), "ok")
          << static_cast<int>(selector) << static_cast<int>(matching);
}

TEST_F(Dane, AnotherCertificateIsRefused) {
  for (const auto selector : {whole, key})
    for (const auto matching : {full, sha2_256, sha2_512})
      EXPECT_EQ(connect(ours_, {record(other_, 3, selector, matching)}),
                "certificate verify failed: no matching DANE TLSA records")
          << static_cast<int>(selector) << static_cast<int>(matching);
}

TEST_F(Dane, TheSystemsTrustCountsForNothing) {
  EXPECT_NE(connect(other_, {record(ours_, 3, key, sha2_256)}), "ok");
}

TEST_F(Dane, OfUsage3NeitherNameNorDatesCount) {
  const auto old = make_certificate(folder_, "old", {.names = {"x.example"}, .valid_from = -7200, .valid_for = 3600});
  EXPECT_EQ(connect(old, {record(old, 3, key, sha2_256)}), "ok");
}

TEST_F(Dane, OneOfSeveralRecordsIsEnough) {
  EXPECT_EQ(connect(ours_, {record(other_, 3, key, sha2_256), record(ours_, 3, key, sha2_256)}), "ok") << "rollover";
}

TEST_F(Dane, WithoutAUsableRecordThereIsNoConnection) {
  EXPECT_EQ(connect(ours_, {{.usage = 1, .selector = key, .matching = sha2_256, .data = "x"}}),
            "TLS: no TLSA record can be used");
}

TEST_F(Dane, WhatIsUsableHasKnownNumbersAndFittingData) {
  const auto good = record(ours_, 3, key, sha2_256);
  EXPECT_TRUE(is_usable(good));
  EXPECT_TRUE(is_usable(record(ours_, 2, whole, full)));
  EXPECT_TRUE(is_usable(record(ours_, 3, key, full)));
  EXPECT_TRUE(is_usable(record(ours_, 3, key, sha2_512)));
  const auto changed = [&](auto change) {
    auto record = good;
    change(record);
    return is_usable(record);
  };
  EXPECT_FALSE(changed([](auto& r) { r.usage = 0; }));
  EXPECT_FALSE(changed([](auto& r) { r.usage = 1; }));
  EXPECT_FALSE(changed([](auto& r) { r.usage = 255; }));
  EXPECT_FALSE(changed([](auto& r) { r.selector = 2; }));
  EXPECT_FALSE(changed([](auto& r) { r.matching = 3; }));
  EXPECT_FALSE(changed([](auto& r) { r.matching = sha2_512; })) << "32 bytes";
  EXPECT_FALSE(changed([](auto& r) { r.data.pop_back(); }));
  EXPECT_FALSE(changed([](auto& r) { r.matching = full; })) << "a hash is no key";
  auto trailing = record(ours_, 3, whole, full);
  trailing.data += 'x';
  EXPECT_FALSE(is_usable(trailing));
}

}  // namespace
}  // namespace godwit::net

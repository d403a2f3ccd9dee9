// SPDX-License-Identifier: Apache-2.0
// OCSP responses by their times; the rest is tests/system/ocsp_response_is_stapled.
#include "net/staple.hpp"

#include <fstream>
#include <iterator>

#include <gtest/gtest.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>

#include "net/tls_server_context.hpp"
#include "support/test_certificate.hpp"

namespace godwit::net {
namespace {

constexpr long staple_lives = 3600;  // seconds

using ResponsePtr = std::unique_ptr<OCSP_RESPONSE, Free<&OCSP_RESPONSE_free>>;
using BasicPtr = std::unique_ptr<OCSP_BASICRESP, Free<&OCSP_BASICRESP_free>>;
using IdPtr = std::unique_ptr<OCSP_CERTID, Free<&OCSP_CERTID_free>>;
using TimePtr = std::unique_ptr<ASN1_TIME, Free<&ASN1_TIME_free>>;

X509Ptr read_certificate(const std::string& path) {
  const BioPtr file(BIO_new_file(path.c_str(), "r"));
  return X509Ptr(PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr));
}

// "Good" from now on, for an hour; signed by the certificate, which is its own authority.
void write_response(const CertificateSettings& settings, const X509& certificate) {
  const BioPtr file(BIO_new_file(settings.private_key.c_str(), "r"));
  const PkeyPtr key(PEM_read_bio_PrivateKey(file.get(), nullptr, nullptr, nullptr));
  const IdPtr id(OCSP_cert_to_id(nullptr, &certificate, &certificate));
  const TimePtr now(X509_gmtime_adj(nullptr, 0)), until(X509_gmtime_adj(nullptr, staple_lives));
  const BasicPtr basic(OCSP_BASICRESP_new());
  OCSP_basic_add1_status(basic.get(), id.get(), V_OCSP_CERTSTATUS_GOOD, 0, nullptr, now.get(), until.get());
  OCSP_basic_sign(basic.get(), const_cast<X509*>(&certificate), key.get(), EVP_sha256(), nullptr, 0);
  const ResponsePtr response(OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()));
  const BioPtr out(BIO_new_file(settings.ocsp_response.c_str(), "wb"));
  i2d_OCSP_RESPONSE_bio(out.get(), response.get());
}

TEST(Staple, IsHandedOutUntilItsTimeIsOver) {
  const testing::TemporaryFolder folder;
  auto settings = testing::make_certificate(folder, "mail", {.names = {"mail.example.com"}});
  settings.ocsp_response = folder / "response.der";
  const auto certificate = read_certificate(settings.certificate);
  write_response(settings, *certificate);
  TlsSettings tls;
  tls.certificates = {settings};
  const auto handed_out = [&](base::WallTime now) {
    const auto context = TlsServerContext::load(tls, now).value();
    const auto* staple = context->implementation().staple_of(*certificate);
    return staple != nullptr ? *staple : std::string();
  };
  const auto staple = load_staple(settings.ocsp_response, *certificate);
  ASSERT_TRUE(staple) << staple.error().message;
  ASSERT_TRUE(staple->until);
  std::ifstream file(settings.ocsp_response, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_EQ(handed_out(*staple->until - std::chrono::seconds(1)), bytes);
  EXPECT_EQ(handed_out(*staple->until), "");
}

}  // namespace
}  // namespace godwit::net

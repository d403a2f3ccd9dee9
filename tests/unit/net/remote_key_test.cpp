// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/remote_key.hpp"

#include <gmock/gmock.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <atomic>
#include <tuple>

#include "godwit/net/tls.hpp"
#include "net/certificate.hpp"
#include "support/test_certificate.hpp"

// OpenSSL's macros cast in the old style.
#pragma GCC diagnostic ignored "-Wold-style-cast"

namespace godwit::net {
namespace {

using ::testing::HasSubstr;
using testing::KeyType;
using testing::make_certificate;

// Holds the key itself: what crosses over is what another process would get.
class Elsewhere final : public KeyHolder {
 public:
  struct Signer final : RemoteSigner {
    Signer(PkeyPtr its, const Elsewhere& around) : key(std::move(its)), holder(around) {}
    base::Result<std::string> sign(const SigningOrder& order) const override {
      ++holder.signatures;
      if (holder.fails) return base::fail(base::ErrorKind::closed, "gone");
      return sign_as_ordered(*key, order);
    }
    const PkeyPtr key;
    const Elsewhere& holder;
  };

  base::Result<PkeyPtr> private_key(const std::string& path) const override {
    auto key = own_keys().private_key(path);
    if (!key) return key;
    const auto known = public_part_of(**key).value();
    return make_remote_key(known, std::make_shared<const Signer>(std::move(*key), *this));
  }
  base::Result<std::string> certificates(const std::string& path) const override {
    return own_keys().certificates(path);
  }
  base::Result<> readable(const std::string& path) const override { return own_keys().readable(path); }
  base::Result<FileStamp> stamp(const std::string& path) const override { return own_keys().stamp(path); }

  mutable int signatures = 0;
  bool fails = false;
};

class RemoteKey : public ::testing::Test {
 protected:
  Certificate load(KeyType type) {
    auto loaded = load_certificate(files(type), holder_);
    EXPECT_TRUE(loaded) << loaded.error().message;
    return loaded ? std::move(*loaded) : Certificate{};
  }
  CertificateSettings files(KeyType type) {
    return make_certificate(folder_, "key" + std::to_string(static_cast<int>(type)),
                            {.names = {"mail.example.com"}, .key = type});
  }

  testing::TemporaryFolder folder_;
  Elsewhere holder_;
};

struct Side {
  SslCtxPtr context;
  SslPtr session;
};

Side make_side(const SSL_METHOD* method, int version, const Certificate* shown) {
  Side side{.context = SslCtxPtr(SSL_CTX_new(method)), .session = {}};
  SSL_CTX_set_max_proto_version(side.context.get(), version);
  if (shown != nullptr) {
    EXPECT_EQ(SSL_CTX_use_cert_and_key(side.context.get(), shown->leaf.get(), shown->key.get(), nullptr, 1), 1)
        << take_openssl_error();
  }
  side.session.reset(SSL_new(side.context.get()));
  return side;
}

// Why it failed; empty: it did not.
std::string shake_hands(Side& server, Side& client) {
  BIO *one = nullptr, *other = nullptr;
  BIO_new_bio_pair(&one, 0, &other, 0);
  SSL_set_bio(server.session.get(), one, one);
  SSL_set_bio(client.session.get(), other, other);
  SSL_set_accept_state(server.session.get());
  SSL_set_connect_state(client.session.get());
  for (int turn = 0; turn < 20; ++turn) {
    ERR_clear_error();
    for (auto* side : {&client, &server}) {
      const int done = SSL_do_handshake(side->session.get());
      const int why = SSL_get_error(side->session.get(), done);
      if (done != 1 && why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) return take_openssl_error();
    }
    if (SSL_is_init_finished(server.session.get()) && SSL_is_init_finished(client.session.get())) return {};
  }
  return "it does not end";
}

class RemoteKeyInHandshakes : public RemoteKey, public ::testing::WithParamInterface<std::tuple<KeyType, int>> {};

TEST_P(RemoteKeyInHandshakes, SignsForAServer) {
  const auto [type, version] = GetParam();
  const auto certificate = load(type);
  auto server = make_side(TLS_server_method(), version, &certificate);
  auto client = make_side(TLS_client_method(), version, nullptr);
  EXPECT_EQ(shake_hands(server, client), "");
  EXPECT_EQ(SSL_version(client.session.get()), version);
  EXPECT_EQ(holder_.signatures, 1);
}

TEST_P(RemoteKeyInHandshakes, SignsForAClient) {
  const auto [type, version] = GetParam();
  const auto certificate = load(type);
  const auto of_server = load_certificate(files(KeyType::ec)).value();
  auto server = make_side(TLS_server_method(), version, &of_server);
  SSL_set_verify(server.session.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                 [](int, X509_STORE_CTX*) { return 1; });
  auto client = make_side(TLS_client_method(), version, &certificate);
  EXPECT_EQ(shake_hands(server, client), "");
  EXPECT_EQ(holder_.signatures, 1);
}

TEST_P(RemoteKeyInHandshakes, ThatCannotBeUsedIsNamed) {
  const auto [type, version] = GetParam();
  const auto certificate = load(type);
  holder_.fails = true;
  auto server = make_side(TLS_server_method(), version, &certificate);
  auto client = make_side(TLS_client_method(), version, nullptr);
  EXPECT_EQ(shake_hands(server, client), "the process that holds the private keys does not sign");
}

INSTANTIATE_TEST_SUITE_P(OfEachType, RemoteKeyInHandshakes,
                         ::testing::Combine(::testing::Values(KeyType::rsa, KeyType::ec, KeyType::ed25519),
                                            ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION)));

TEST_F(RemoteKey, IsDescribedAsTheKeyItself) {
  for (const auto type : {KeyType::rsa, KeyType::ec, KeyType::ed25519}) {
    const auto both = files(type);
    EXPECT_EQ(check_certificate(both, holder_).value().key_type, check_certificate(both).value().key_type);
  }
}

TEST_F(RemoteKey, IsNotTakenForAnothers) {
  for (const auto type : {KeyType::rsa, KeyType::ec, KeyType::ed25519}) {
    auto mixed = files(type);
    mixed.private_key = make_certificate(folder_, "other", {.names = {"x"}, .key = type}).private_key;
    const auto facts = check_certificate(mixed, holder_);
    ASSERT_FALSE(facts);
    EXPECT_THAT(facts.error().message, HasSubstr("does not belong to the certificate in"));
  }
}

TEST_F(RemoteKey, HasNothingPrivate) {
  for (const auto type : {KeyType::rsa, KeyType::ec, KeyType::ed25519}) {
    const auto key = holder_.private_key(files(type).private_key).value();
    OSSL_PARAM* parameters = nullptr;
    EXPECT_NE(EVP_PKEY_todata(key.get(), EVP_PKEY_KEYPAIR, &parameters), 1);
    EXPECT_EQ(parameters, nullptr);
    const BioPtr out(BIO_new(BIO_s_mem()));
    EXPECT_NE(PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr), 1);
    ERR_clear_error();
  }
}

TEST_F(RemoteKey, NothingIsSignedWithoutADigest) {
  const auto key = own_keys().private_key(files(KeyType::rsa).private_key).value();
  const std::string padded(256, '\1');
  for (const char* digest : {"", "NULL", "no such"}) {
    const auto made = sign_as_ordered(*key, {.scheme = SigningOrder::Scheme::pkcs1, .digest = digest, .data = padded});
    EXPECT_FALSE(made) << digest;
  }
  EXPECT_FALSE(sign_as_ordered(*key, {.scheme = SigningOrder::Scheme::pss, .digest = "SHA256", .data = padded}));
  EXPECT_FALSE(sign_as_ordered(*key, {.scheme = SigningOrder::Scheme::pure, .data = padded}));
}

}  // namespace
}  // namespace godwit::net

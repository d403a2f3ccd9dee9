// SPDX-License-Identifier: Apache-2.0
#include "tls_client_context.hpp"

#include <cerrno>

#include <fmt/format.h>
#include <openssl/err.h>
#include <unistd.h>

#include "dane.hpp"
#include "godwit/net/system_authorities.hpp"
#include "tls_settings.hpp"

// OpenSSL's macros cast in the old style.
#pragma GCC diagnostic ignored "-Wold-style-cast"

namespace godwit::net {
namespace {

constexpr const char* verifying_ciphers = "HIGH:!aNULL:!eNULL:!PSK:!SRP:!MD5:!3DES";
constexpr const char* opportunistic_ciphers = "HIGH:!aNULL:!eNULL:!PSK:!SRP:!MD5:!RC4:!3DES";

bool is_address(const std::string& name) {
  return base::IpAddress::parse(name).has_value();
}

std::string without_dot(const std::string& name) {
  return name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
}

bool expect_name(SSL& connection, const std::string& name) {
  X509_VERIFY_PARAM* wanted = SSL_get0_param(&connection);
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (is_address(name)) return X509_VERIFY_PARAM_set1_ip_asc(wanted, name.c_str()) == 1;
  return X509_VERIFY_PARAM_add1_host(wanted, name.c_str(), name.size()) == 1;
}

base::Result<> show_certificate(SSL& connection, const Certificate& own) {
  const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> chain(
      sk_X509_new_null(), [](STACK_OF(X509) * stack) { sk_X509_free(stack); });
  for (const auto& link : own.chain) sk_X509_push(chain.get(), link.get());
  const int used = SSL_use_cert_and_key(&connection, own.leaf.get(), own.key.get(), chain.get(), 1);
  const std::string why = take_openssl_error();
  if (used == 1) return {};
  return base::fail(base::ErrorKind::invalid, "TLS: the client certificate cannot be used: " + why);
}

std::unexpected<base::Error> no_host_name(const std::string& name) {
  ERR_clear_error();
  return base::fail(base::ErrorKind::invalid, fmt::format("TLS: \"{}\" is no host name", name));
}

}  // namespace

base::Result<> load_trust(X509_STORE& store, const std::string& ca_file) {
  ERR_clear_error();
  if (!ca_file.empty()) {
    if (::access(ca_file.c_str(), R_OK) != 0) {
      const int code = errno;
      auto failure = base::fail_os("tls.ca_file " + ca_file, code);
      if (code == ENOENT) failure.error().kind = base::ErrorKind::not_found;
      return failure;
    }
    const bool loaded = X509_STORE_load_file(&store, ca_file.c_str()) == 1;
    const std::string why = take_openssl_error();
    if (!loaded)
      return base::fail(base::ErrorKind::invalid, fmt::format("tls.ca_file {}: no certificates: {}", ca_file, why));
    return {};
  }
  trust_system_authorities(store);
  return {};
}

TlsClientContext::TlsClientContext() : implementation_(std::make_unique<Implementation>()) {}
TlsClientContext::~TlsClientContext() = default;

base::Result<std::shared_ptr<const TlsClientContext>> TlsClientContext::load(const TlsSettings& settings,
                                                                             const KeyHolder& keys) {
  std::shared_ptr<TlsClientContext> context(new TlsClientContext());
  auto loaded = context->implementation_->load(settings, keys);
  if (!loaded) return std::unexpected(std::move(loaded.error()));
  return context;
}

base::Result<> TlsClientContext::Implementation::load(const TlsSettings& settings, const KeyHolder& keys) {
  verifying_.reset(SSL_CTX_new(TLS_client_method()));
  opportunistic_.reset(SSL_CTX_new(TLS_client_method()));
  if (!verifying_ || !opportunistic_) return base::fail(base::ErrorKind::exhausted, "TLS: " + take_openssl_error());
  for (SSL_CTX* context : {verifying_.get(), opportunistic_.get()}) {
    auto applied = apply_common_settings(*context, settings.minimum_version);
    if (!applied) return applied;
  }
  SSL_CTX_set_cipher_list(verifying_.get(), verifying_ciphers);
  SSL_CTX_set_verify(verifying_.get(), SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_dane_enable(verifying_.get()) != 1)  // for connections that ask for it
    return base::fail(base::ErrorKind::exhausted, "TLS: " + take_openssl_error());
  SSL_CTX_set_security_level(opportunistic_.get(), 0);
  SSL_CTX_set_cipher_list(opportunistic_.get(), opportunistic_ciphers);
  // Verified all the same, for the log; only nobody fails by it.
  SSL_CTX_set_verify(opportunistic_.get(), SSL_VERIFY_NONE, nullptr);
  for (const auto& files : settings.client_certificates) {
    auto certificate = load_certificate(files, keys);
    if (!certificate) return std::unexpected(std::move(certificate.error()));
    own_.insert_or_assign(files.certificate, std::move(*certificate));
  }
  auto trusted = load_trust(*SSL_CTX_get_cert_store(verifying_.get()), settings.ca_file);
  if (!trusted) return trusted;
  SSL_CTX_set1_cert_store(opportunistic_.get(), SSL_CTX_get_cert_store(verifying_.get()));
  return {};
}

base::Result<SslPtr> TlsClientContext::Implementation::start(const TlsClientOptions& options) const {
  const std::string server_name = without_dot(options.server_name);
  // What is only worth a remark in the log is what it would have to bear.
  const auto expected = options.names.empty() ? std::vector<std::string>{server_name} : options.names;
  SslPtr connection(SSL_new(options.names.empty() ? opportunistic_.get() : verifying_.get()));
  if (!connection) return base::fail(base::ErrorKind::exhausted, "TLS: " + take_openssl_error());
  SSL_set_connect_state(connection.get());
  if (!server_name.empty() && !is_address(server_name) &&
      SSL_set_tlsext_host_name(connection.get(), server_name.c_str()) != 1)
    return no_host_name(server_name);
  if (!options.tlsa.empty() && !trust_records(*connection, expected.front(), options.tlsa))
    return base::fail(base::ErrorKind::invalid, "TLS: no TLSA record can be used");
  // One that a reload has taken away meanwhile is not shown.
  if (const auto own = own_.find(options.certificate); own != own_.end()) {
    auto shown = show_certificate(*connection, own->second);
    if (!shown) return std::unexpected(std::move(shown.error()));
  }
  for (const auto& name : expected)
    if (!name.empty() && !expect_name(*connection, without_dot(name))) return no_host_name(name);
  return connection;
}

}  // namespace godwit::net

// SPDX-License-Identifier: Apache-2.0
#include "tls_server_context.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "client_authorities.hpp"
#include "godwit/base/text.hpp"
#include "tls_settings.hpp"

// OpenSSL's macros cast in the old style.
#pragma GCC diagnostic ignored "-Wold-style-cast"

namespace godwit::net {
namespace {

// Forward secrecy always; AEAD first, CBC for what is old but still TLS 1.2: the alternative of such a client is clear
// text.
constexpr const char* server_ciphers =
    "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:ECDHE+AES:DHE+AES:!aNULL:!eNULL:!PSK:!SRP:!DSS:!AESCCM";

// "*.example.com" for "mail.example.com"; empty where there is no parent.
std::string wildcard_for(std::string_view name) {
  const auto dot = name.find('.');
  if (dot == 0 || dot == std::string_view::npos) return {};
  return "*" + std::string(name.substr(dot));
}

bool bears(const Certificate& certificate, const std::string& name) {
  return !name.empty() && std::ranges::find(certificate.names, name) != certificate.names.end();
}

int choose_context(SSL* connection, int*, void* argument) {
  const char* asked = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
  if (asked == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_CTX* chosen = static_cast<const TlsServerContext::Implementation*>(argument)->find(asked);
  if (chosen == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_set_SSL_CTX(connection, chosen);
  ClientAuthorities::Implementation::ask_again(*connection);
  return SSL_TLSEXT_ERR_OK;
}

// RFC 6066 section 8: for clients that ask.
int add_staple(SSL* connection, void* argument) {
  const X509* certificate = SSL_get_certificate(connection);
  const auto* context = static_cast<const TlsServerContext::Implementation*>(argument);
  const std::string* staple = certificate != nullptr ? context->staple_of(*certificate) : nullptr;
  if (staple == nullptr) return SSL_TLSEXT_ERR_NOACK;
  auto* copy = static_cast<unsigned char*>(OPENSSL_memdup(staple->data(), staple->size()));  // OpenSSL's from now on
  if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_set_tlsext_status_ocsp_resp(connection, copy, static_cast<long>(staple->size()));
  return SSL_TLSEXT_ERR_OK;
}

base::Result<> use_certificate(SSL_CTX& context, const Certificate& certificate) {
  const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> chain(
      sk_X509_new_null(), [](STACK_OF(X509) * stack) { sk_X509_free(stack); });
  for (const auto& link : certificate.chain) sk_X509_push(chain.get(), link.get());
  const int used = SSL_CTX_use_cert_and_key(&context, certificate.leaf.get(), certificate.key.get(), chain.get(), 1);
  const std::string why = take_openssl_error();
  if (used == 1) return {};
  return base::fail(base::ErrorKind::invalid,
                    fmt::format("the certificate of {} cannot be used: {}", subject_of(*certificate.leaf), why));
}

}  // namespace

TlsServerContext::TlsServerContext() : implementation_(std::make_unique<Implementation>()) {}
TlsServerContext::~TlsServerContext() = default;

base::Result<std::shared_ptr<const TlsServerContext>> TlsServerContext::load(const TlsSettings& settings,
                                                                             base::WallTime now,
                                                                             const KeyHolder& keys) {
  std::shared_ptr<TlsServerContext> context(new TlsServerContext());
  auto loaded = context->implementation_->load(settings, now, keys);
  if (!loaded) return std::unexpected(std::move(loaded.error()));
  return context;
}

base::Result<std::shared_ptr<const TlsServerContext>> TlsServerContext::for_protocol(
    const std::string& protocol, const NewCertificate& certificate) {
  auto parsed = parse_certificate(certificate);
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  std::shared_ptr<TlsServerContext> context(new TlsServerContext());
  auto taken = context->implementation_->take(std::move(*parsed), protocol);
  if (!taken) return std::unexpected(std::move(taken.error()));
  return context;
}

base::Result<> TlsServerContext::Implementation::take(Certificate certificate, const std::string& protocol) {
  minimum_version_ = "1.2";
  certificates_.push_back(std::move(certificate));
  protocol_ = static_cast<char>(protocol.size()) + protocol;
  auto context = context_for({&certificates_.front()});
  if (!context) return std::unexpected(std::move(context.error()));
  standard_ = *context;
  SSL_CTX_set_alpn_select_cb(standard_, &choose_protocol, this);
  return {};
}

int TlsServerContext::Implementation::choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                                                      const unsigned char* offered, unsigned offered_size,
                                                      void* argument) {
  const auto& ours = static_cast<const Implementation*>(argument)->protocol_;
  const auto* wanted = reinterpret_cast<const unsigned char*>(ours.data());
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, size, wanted, static_cast<unsigned>(ours.size()), offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

base::Result<> TlsServerContext::Implementation::load(const TlsSettings& settings, base::WallTime now,
                                                      const KeyHolder& keys) {
  if (settings.certificates.empty()) return base::fail(base::ErrorKind::invalid, "TLS needs a certificate");
  minimum_version_ = settings.minimum_version;
  base::Error failures{.kind = base::ErrorKind::invalid, .message = {}, .os_error = 0};
  for (const auto& files : settings.certificates) {
    auto certificate = load_certificate(files, keys);
    if (certificate) {
      const auto& staple = certificate->staple;
      if (staple && staple->until && *staple->until <= now) certificate->staple.reset();
      certificates_.push_back(std::move(*certificate));
      continue;
    }
    if (failures.message.empty())
      failures = std::move(certificate.error());
    else
      failures.message += '\n' + certificate.error().message;
  }
  if (!failures.message.empty()) return std::unexpected(std::move(failures));

  std::set<std::string> names;
  for (const auto& certificate : certificates_) names.insert(certificate.names.begin(), certificate.names.end());
  for (const auto& name : names) {
    auto context = context_for(certificates_for(name));
    if (!context) return std::unexpected(std::move(context.error()));
    by_name_.emplace(name, *context);
  }
  const auto& first = certificates_.front();
  auto standard = context_for(first.names.empty() ? Set{&first} : certificates_for(first.names.front()));
  if (!standard) return std::unexpected(std::move(standard.error()));
  standard_ = *standard;
  return {};
}

// One of each key type: first those that bear the very name, then those with a wildcard for it; in the order of the
// settings.
TlsServerContext::Implementation::Set TlsServerContext::Implementation::certificates_for(
    const std::string& name) const {
  Set result;
  const auto take = [&result](const Certificate& certificate) {
    const int type = EVP_PKEY_get_base_id(certificate.key.get());
    const bool have = std::ranges::any_of(
        result, [type](const Certificate* other) { return EVP_PKEY_get_base_id(other->key.get()) == type; });
    if (!have) result.push_back(&certificate);
  };
  const std::string wildcard = name.starts_with("*.") ? std::string() : wildcard_for(name);
  for (const auto& certificate : certificates_)
    if (bears(certificate, name)) take(certificate);
  for (const auto& certificate : certificates_)
    if (bears(certificate, wildcard)) take(certificate);
  return result;
}

base::Result<SSL_CTX*> TlsServerContext::Implementation::context_for(const Set& set) {
  for (const auto& [known, context] : contexts_)
    if (known == set) return context.get();
  SslCtxPtr context(SSL_CTX_new(TLS_server_method()));
  if (!context) return base::fail(base::ErrorKind::exhausted, "TLS: " + take_openssl_error());
  auto applied = apply_common_settings(*context, minimum_version_);
  if (!applied) return std::unexpected(std::move(applied.error()));
  SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_cipher_list(context.get(), server_ciphers);
  SSL_CTX_set_dh_auto(context.get(), 1);
  SSL_CTX_set_num_tickets(context.get(), 1);
  for (const auto* certificate : set) {
    auto used = use_certificate(*context, *certificate);
    if (!used) return std::unexpected(std::move(used.error()));
  }
  SSL_CTX_set_tlsext_status_cb(context.get(), &add_staple);
  SSL_CTX_set_tlsext_status_arg(context.get(), this);
  SSL_CTX_set_tlsext_servername_callback(context.get(), &choose_context);
  SSL_CTX_set_tlsext_servername_arg(context.get(), this);
  contexts_.emplace_back(set, std::move(context));
  return contexts_.back().second.get();
}

SSL_CTX* TlsServerContext::Implementation::find(std::string_view server_name) const {
  std::string name = base::to_lower(server_name);
  if (name.ends_with('.')) name.pop_back();
  auto found = by_name_.find(name);
  if (found == by_name_.end()) found = by_name_.find(wildcard_for(name));
  return found == by_name_.end() ? nullptr : found->second;
}

const std::string* TlsServerContext::Implementation::staple_of(const X509& certificate) const {
  const auto found = std::ranges::find_if(
      certificates_, [&](const Certificate& each) { return X509_cmp(each.leaf.get(), &certificate) == 0; });
  return found != certificates_.end() && found->staple ? &found->staple->der : nullptr;
}

}  // namespace godwit::net

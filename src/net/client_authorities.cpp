// SPDX-License-Identifier: Apache-2.0
#include "client_authorities.hpp"

#include <cerrno>
#include <string_view>

#include <openssl/err.h>

// OpenSSL's macros cast in the old style.
#pragma GCC diagnostic ignored "-Wold-style-cast"

namespace godwit::net {
namespace {

constexpr std::string_view session_context = "godwit clients";

// The result is kept in the session; whoever asked for the certificate judges it.
int go_on_anyway(int, X509_STORE_CTX*) {
  return 1;
}

}  // namespace

ClientAuthorities::ClientAuthorities() : implementation_(std::make_unique<Implementation>()) {}
ClientAuthorities::~ClientAuthorities() = default;

base::Result<std::shared_ptr<const ClientAuthorities>> ClientAuthorities::load(const std::string& ca_file) {
  std::shared_ptr<ClientAuthorities> authorities(new ClientAuthorities());
  auto loaded = authorities->implementation_->load(ca_file);
  if (!loaded) return std::unexpected(std::move(loaded.error()));
  return authorities;
}

base::Result<> ClientAuthorities::Implementation::load(const std::string& ca_file) {
  ERR_clear_error();
  errno = 0;
  const BioPtr file(BIO_new_file(ca_file.c_str(), "r"));
  if (!file) {
    auto failure = base::fail_os(ca_file, errno);
    ERR_clear_error();
    return failure;
  }
  store_.reset(X509_STORE_new());
  const bool added = X509_STORE_load_file(store_.get(), ca_file.c_str()) == 1;
  names_.reset(SSL_load_client_CA_file(ca_file.c_str()));
  const std::string why = take_openssl_error();
  if (!added || !names_) return base::fail(base::ErrorKind::invalid, ca_file + ": no PEM certificates in it: " + why);
  return {};
}

void ClientAuthorities::Implementation::ask(SSL& session) const {
  SSL_set_app_data(&session, const_cast<Implementation*>(this));
  SSL_set_verify(&session, SSL_VERIFY_PEER, &go_on_anyway);
  SSL_set_client_CA_list(&session, SSL_dup_CA_list(names_.get()));
  SSL_set1_verify_cert_store(&session, store_.get());
  SSL_set_options(&session, SSL_OP_NO_TICKET);
  SSL_set_num_tickets(&session, 0);
  // A client may offer to resume what it began on another listener.
  SSL_set_session_id_context(&session, reinterpret_cast<const unsigned char*>(session_context.data()),
                             session_context.size());
}

void ClientAuthorities::Implementation::ask_again(SSL& session) {
  const auto* authorities = static_cast<const Implementation*>(SSL_get_app_data(&session));
  if (authorities != nullptr) SSL_set1_verify_cert_store(&session, authorities->store_.get());
}

}  // namespace godwit::net

// SPDX-License-Identifier: Apache-2.0
// The authorities' certificates as OpenSSL wants them, and how a session is made to ask.
#pragma once

#include <memory>
#include <string>

#include "godwit/net/client_authorities.hpp"
#include "godwit/net/openssl.hpp"

namespace godwit::net {

class ClientAuthorities::Implementation {
 public:
  base::Result<> load(const std::string& ca_file);

  // Of a server's session, before its handshake.
  void ask(SSL& session) const;
  // After another context was chosen for it (SNI), which loses whom the session believes.
  static void ask_again(SSL& session);

 private:
  using Store = std::unique_ptr<X509_STORE, Free<&X509_STORE_free>>;
  using Names = std::unique_ptr<STACK_OF(X509_NAME), void (*)(STACK_OF(X509_NAME)*)>;

  Store store_;
  Names names_{nullptr, [](STACK_OF(X509_NAME) * names) { sk_X509_NAME_pop_free(names, X509_NAME_free); }};
};

}  // namespace godwit::net

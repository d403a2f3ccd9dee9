// SPDX-License-Identifier: Apache-2.0
// One SSL_CTX for each set of certificates that some name asks for (an RSA and an ECDSA one may share a name).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "certificate.hpp"
#include "godwit/net/tls.hpp"

namespace godwit::net {

class TlsServerContext::Implementation {
 public:
  base::Result<> load(const TlsSettings& settings, base::WallTime now, const KeyHolder& keys);
  base::Result<> take(Certificate certificate, const std::string& protocol);

  SSL_CTX* standard() const { return standard_; }
  // The context for a server name, null: no certificate bears it (the first one is used).
  SSL_CTX* find(std::string_view server_name) const;
  // To be handed out with this certificate; null: nothing.
  const std::string* staple_of(const X509& certificate) const;

 private:
  using Set = std::vector<const Certificate*>;
  Set certificates_for(const std::string& name) const;
  base::Result<SSL_CTX*> context_for(const Set& set);

  static int choose_protocol(SSL* connection, const unsigned char** chosen, unsigned char* size,
                             const unsigned char* offered, unsigned offered_size, void* argument);

  std::string protocol_;  // with its length before it
  std::vector<Certificate> certificates_;
  std::string minimum_version_;
  std::vector<std::pair<Set, SslCtxPtr>> contexts_;
  std::map<std::string, SSL_CTX*, std::less<>> by_name_;  // exact names and "*.example.com"
  SSL_CTX* standard_ = nullptr;
};

}  // namespace godwit::net

// SPDX-License-Identifier: Apache-2.0
// Certificates that clients show a TLS server: whose are believed, and what they say of the client.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "godwit/net/tls.hpp"

namespace godwit::net {

// Whose certificates a server believes when clients show theirs.  Never changes; any thread.
class ClientAuthorities {
 public:
  // Errors (text names the file): not_found or io (unreadable), invalid (no certificate in it).
  static base::Result<std::shared_ptr<const ClientAuthorities>> load(const std::string& ca_file);
  ~ClientAuthorities();

  class Implementation;
  const Implementation& implementation() const { return *implementation_; }

 private:
  ClientAuthorities();
  std::unique_ptr<Implementation> implementation_;
};

// The same as without `authorities`, but with them the client is asked for a certificate.  Whatever it
// shows, the handshake goes on: tls_info() says what became of it, and the protocol above can tell the client why.
// Such sessions are never resumed, so that a certificate is judged anew each time.
Task<std::unique_ptr<Stream>> tls_accept(std::unique_ptr<Stream> lower, std::shared_ptr<const TlsServerContext> context,
                                         base::MonoTime deadline, std::shared_ptr<const ClientAuthorities> authorities);

// What the peer's certificate calls it.  Nobody has vouched for that where tls_info()->verify is not "ok".
struct PeerNames {
  std::vector<std::string> addresses = {};  // of the subject (emailAddress), then of subjectAltName (rfc822Name)
  std::string common_name = {};             // empty: none, or more than one
};
PeerNames peer_names(const Stream& stream);

}  // namespace godwit::net

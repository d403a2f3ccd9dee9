// SPDX-License-Identifier: Apache-2.0
// How OpenSSL 3 is told of such a key: a provider in the program (provider(7)), in a library context of its own, so
// that nothing but these keys ever comes to it.  Private to net/.
#pragma once

#include <memory>

#include "godwit/net/remote_key.hpp"

namespace godwit::net {

struct RemoteParts {
  PkeyPtr known;                               // what is public, as OpenSSL has it
  std::shared_ptr<const RemoteSigner> signer;  // null: of a certificate, compared with one of ours
};

// Null: of a type that is not known here, or the library refuses it.
PkeyPtr provided_key(std::shared_ptr<const RemoteParts> parts);

}  // namespace godwit::net

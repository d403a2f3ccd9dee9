// SPDX-License-Identifier: Apache-2.0
// The certification authorities that the system trusts.  There are some 150 of them, of which a mail host meets a few:
// a store knows them all by name, and decodes one when a certificate that it issued is verified.
#pragma once

#include <cstddef>
#include <string>

#include <openssl/x509.h>

#include "godwit/base/result.hpp"

namespace godwit::net {

// Reads a file, so not on a reactor; verifying reads none, and may be done on several threads.  A system without
// authorities: nothing is trusted, which is said when something must be verified.
void trust_system_authorities(X509_STORE& store);

// The same of a file of PEM certificates: how many are trusted now, besides.  What in it is no certificate is passed
// over.  One file a store, the system's included.  Errors: not_found, io, invalid (there was one), exhausted.
base::Result<std::size_t> trust_lazily(X509_STORE& store, const std::string& file);

}  // namespace godwit::net

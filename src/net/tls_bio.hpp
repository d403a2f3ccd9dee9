// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "godwit/net/openssl.hpp"
#include "tls_stream.hpp"

namespace godwit::net {

// A BIO over `lower`, which outlives it.
BioPtr make_stream_bio(TlsLower& lower);

}  // namespace godwit::net

// SPDX-License-Identifier: Apache-2.0
// The letters of a query's name in upper or lower case at random ("0x20", draft-vixie-dnsext-dns0x20): names are equal
// in every case, and servers repeat the question as it came, so whoever forges an answer without having seen the query
// must guess that, too.  Used by the transport; pure.
#pragma once

#include <string>
#include <string_view>

#include "godwit/base/random.hpp"

namespace godwit::dns {

// Of a query as build_query makes it.
void randomize_case(std::string& query, base::Random& random);

// Byte for byte.  An answer without a question repeats none, unless it says that the query was not understood.
bool repeats_question(std::string_view answer, std::string_view query);

}  // namespace godwit::dns

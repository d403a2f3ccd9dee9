// SPDX-License-Identifier: Apache-2.0
// What reports travel in: gzip (RFC 1952), and zip archives of others.  Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "godwit/base/result.hpp"

namespace godwit::mail {

std::string gzip(std::string_view bytes);

// What is in a gzip file, or the first file of a zip archive; what is neither is given back as it is.  Errors:
// exhausted (it would be more than `most` octets: nothing beyond them is unpacked), corrupt, unsupported (encrypted, or
// packed in another way).
base::Result<std::string> unpacked(std::string_view bytes, std::size_t most);

}  // namespace godwit::mail

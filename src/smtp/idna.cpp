// SPDX-License-Identifier: Apache-2.0
#include "idna.hpp"

#include <memory>

#include <idn2.h>

namespace godwit::smtp {

base::Result<std::string> to_a_labels(std::string_view domain) {
  const std::string text(domain);  // the library wants an end
  char* raw = nullptr;
  const int status = idn2_to_ascii_8z(text.c_str(), &raw, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const std::unique_ptr<char, void (*)(void*)> result(raw, idn2_free);
  if (status != IDN2_OK)
    return base::fail(base::ErrorKind::invalid,
                      std::string("no internationalized domain name: ") + idn2_strerror(status));
  return std::string(result.get());
}

}  // namespace godwit::smtp

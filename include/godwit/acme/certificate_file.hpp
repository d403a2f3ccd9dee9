// SPDX-License-Identifier: Apache-2.0
// Where the certificate lies that the daemon gets for itself: chain and private key in one PEM file, so that they never
// differ.  For who makes TLS contexts of it, and for tools.  Pure.
#pragma once

#include <string>

namespace godwit::acme {

inline constexpr const char* certificate_name = "certificate.pem";
inline constexpr const char* attempts_name = "attempts";

inline std::string folder_in(const std::string& state_directory) {
  return state_directory + "/acme";
}
inline std::string certificate_file(const std::string& state_directory) {
  return folder_in(state_directory) + "/" + certificate_name;
}

}  // namespace godwit::acme

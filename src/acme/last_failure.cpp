// SPDX-License-Identifier: Apache-2.0
#include "godwit/acme/last_failure.hpp"

#include <fstream>
#include <sstream>

#include "godwit/acme/certificate_file.hpp"
#include "records.hpp"

namespace godwit::acme {

std::optional<std::string> last_failure(const std::string& state_directory) {
  std::ifstream file(folder_in(state_directory) + "/" + attempts_name, std::ios::binary);
  if (!file) return {};
  std::ostringstream text;
  text << file.rdbuf();
  auto attempts = attempts_in(text.str());
  if (attempts.error.empty()) return {};
  return std::move(attempts.error);
}

}  // namespace godwit::acme

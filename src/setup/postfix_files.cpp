// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/plain_file.hpp"
#include "godwit/setup/postfix_import.hpp"

namespace godwit::setup {
namespace {

constexpr std::size_t largest_postfix_file = std::size_t{16} << 20U;

}  // namespace

base::Result<std::string> read_postfix_file(const std::string& path) {
  return net::read_plain_file(path, largest_postfix_file);
}

}  // namespace godwit::setup

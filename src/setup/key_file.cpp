// SPDX-License-Identifier: Apache-2.0
#include "godwit/setup/key_file.hpp"

#include <cerrno>
#include <fstream>
#include <iterator>

#include "godwit/setup/new_file.hpp"

namespace godwit::setup {

base::Result<> write_key(const std::string& path, const mailauth::Key& key) {
  return write_new_file(path, key.private_pem(), secret_mode);
}

base::Result<mailauth::Key> read_key(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::fail_os(path, errno);
  const std::string pem((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  auto key = mailauth::Key::from_pem(pem);
  if (!key) return base::fail(key.error().kind, path + ": " + key.error().message);
  return key;
}

}  // namespace godwit::setup

// SPDX-License-Identifier: Apache-2.0
// Reads the files of certificates and private keys, unless it hangs.
#pragma once

#include <string>
#include <utility>

#include "godwit/net/key_holder.hpp"

namespace godwit::testing {

class HangingKeys final : public net::KeyHolder {
 public:
  base::Result<net::PkeyPtr> private_key(const std::string& path) const override {
    return unless_hung(path, [&] { return net::own_keys().private_key(path); });
  }
  base::Result<std::string> certificates(const std::string& path) const override {
    return unless_hung(path, [&] { return net::own_keys().certificates(path); });
  }
  base::Result<> readable(const std::string& path) const override {
    return unless_hung(path, [&] { return net::own_keys().readable(path); });
  }
  base::Result<net::FileStamp> stamp(const std::string& path) const override {
    if (hangs_at_stamps) return no_answer(path);
    return net::own_keys().stamp(path);
  }

  bool hangs_at_files = false;
  bool hangs_at_stamps = false;

 private:
  template <class Read>
  auto unless_hung(const std::string& path, Read read) const -> decltype(read()) {
    if (hangs_at_files) return no_answer(path);
    return read();
  }
  static std::unexpected<base::Error> no_answer(const std::string& path) {
    return base::fail(base::ErrorKind::timed_out, path + ": no answer");
  }
};

}  // namespace godwit::testing

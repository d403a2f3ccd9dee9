// SPDX-License-Identifier: Apache-2.0
// Who reads the files of certificates and private keys.  In most programs it is who uses them (own_keys()); the daemon
// has another process for it, and of a private key nothing but what is public, and signatures.
//
// Any thread, but never a reactor: all of it blocks on the disk.
#pragma once

#include <string>

#include "godwit/base/result.hpp"
#include "godwit/net/openssl.hpp"
#include "godwit/net/plain_file.hpp"

namespace godwit::net {

class KeyHolder {
 public:
  virtual ~KeyHolder() = default;
  // The private key in a PEM file, to sign with and to be compared with a certificate's.
  virtual base::Result<PkeyPtr> private_key(const std::string& path) const = 0;
  // The certificates of a PEM file as they stand there, in whatever order, and nothing else that is in it.
  virtual base::Result<std::string> certificates(const std::string& path) const = 0;
  // Whether the file can be read.
  virtual base::Result<> readable(const std::string& path) const = 0;
  // That there is no such file is no error here.
  virtual base::Result<FileStamp> stamp(const std::string& path) const = 0;
  // Errors of all, each beginning with the path: not_found, io, exhausted (no key is so large), invalid (not PEM, no
  // private key, one with a passphrase), closed or timed_out (of another process).
};

// Reads them here.
const KeyHolder& own_keys();

}  // namespace godwit::net

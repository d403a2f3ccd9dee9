// SPDX-License-Identifier: Apache-2.0
// Is a body canonical: lines end with CRLF, no bare CR, no bare LF, no NUL?  The last line of defence against smuggling
// for all doors; any other body could be read in two ways by the next host.  Incremental and pure.
#pragma once

#include <cstring>
#include <string_view>

namespace godwit::spool {

class CanonicalCheck {
 public:
  void add(std::string_view bytes) {
    if (!good_ || bytes.empty()) return;
    good_ = check(bytes);
  }
  // Of the whole body: a CR at its very end is bare.
  bool is_canonical() const { return good_ && !after_cr_; }

 private:
  bool check(std::string_view bytes) {
    if (std::memchr(bytes.data(), '\0', bytes.size()) != nullptr) return false;
    if (after_cr_) {
      after_cr_ = false;
      if (bytes.front() != '\n') return false;
      bytes.remove_prefix(1);
    }
    // Each line feed must close a CRLF, and no CR may stand before that CR.
    while (!bytes.empty()) {
      const void* found = std::memchr(bytes.data(), '\n', bytes.size());
      if (found == nullptr) break;
      const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
      if (at == 0 || std::memchr(bytes.data(), '\r', at) != bytes.data() + at - 1) return false;
      bytes.remove_prefix(at + 1);
    }
    if (bytes.empty()) return true;
    const void* cr = std::memchr(bytes.data(), '\r', bytes.size());
    after_cr_ = cr == bytes.data() + bytes.size() - 1;
    return cr == nullptr || after_cr_;
  }

  bool good_ = true;
  bool after_cr_ = false;
};

}  // namespace godwit::spool

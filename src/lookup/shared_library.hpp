// SPDX-License-Identifier: Apache-2.0
// A library that is loaded when it is first needed, and stays: few hosts ask a directory or an SQL server, and the
// libraries for these bring twenty others with them.
#pragma once

#include <string>

namespace godwit::lookup {

class SharedLibrary {
 public:
  // Why it cannot be used, in words; empty: it can be.
  const std::string& missing() const { return missing_; }

 protected:
  // A function of any type: whoever names the type answers for it.
  class Symbol {
   public:
    explicit Symbol(void* address) : address_(address) {}
    template <class F>
    operator F*() const {  // NOLINT(google-explicit-constructor): it is what it is assigned to
      return reinterpret_cast<F*>(address_);
    }

   private:
    void* address_;
  };

  explicit SharedLibrary(const char* name);
  // Null where the library has none of this name, or is not there: then it is missing.
  Symbol symbol(const char* name);

 private:
  void* handle_;
  std::string missing_;
};

}  // namespace godwit::lookup

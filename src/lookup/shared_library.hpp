// SPDX-License-Identifier: Apache-2.0
// A library that is loaded when it is first needed, and stays: few hosts ask a directory or an SQL server, and the
// libraries for these bring twenty others with them.
#pragma once

#include <string>

#include "godwit/base/result.hpp"

namespace godwit::lookup {

class SharedLibrary {
 public:
  // Errors: not_found (it, or one of the functions in it).
  const base::Result<>& loaded() const { return loaded_; }

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
  // Null where the library has none of this name, or is not there: then it is not loaded.
  Symbol symbol(const char* name);

 private:
  void* handle_;
  base::Result<> loaded_;
};

}  // namespace godwit::lookup

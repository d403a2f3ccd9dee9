// SPDX-License-Identifier: Apache-2.0
#include "shared_library.hpp"

#include <dlfcn.h>

#include <fmt/format.h>

namespace godwit::lookup {
namespace {

std::unexpected<base::Error> failure(const char* what) {
  const char* const text = ::dlerror();
  return base::fail(
      base::ErrorKind::not_found,
      fmt::format("{} ({}); once it is installed, the daemon must be restarted", what, text == nullptr ? "" : text));
}

}  // namespace

SharedLibrary::SharedLibrary(const char* name) : handle_(::dlopen(name, RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ == nullptr) loaded_ = failure("a library is missing");
}

SharedLibrary::Symbol SharedLibrary::symbol(const char* name) {
  if (handle_ == nullptr) return Symbol(nullptr);
  void* const address = ::dlsym(handle_, name);
  if (address == nullptr && loaded_) loaded_ = failure("a library is of another version");
  return Symbol(address);
}

}  // namespace godwit::lookup

// SPDX-License-Identifier: Apache-2.0
#include "shared_library.hpp"

#include <dlfcn.h>

#include <fmt/format.h>

namespace godwit::lookup {
namespace {

std::string last_error() {
  const char* const text = ::dlerror();  // NOLINT(concurrency-mt-unsafe): of this thread, in the C library we have
  return text == nullptr ? "" : text;
}

}  // namespace

SharedLibrary::SharedLibrary(const char* name) : handle_(::dlopen(name, RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ == nullptr) missing_ = fmt::format("a library is not installed: {}", last_error());
}

SharedLibrary::Symbol SharedLibrary::symbol(const char* name) {
  if (handle_ == nullptr) return Symbol(nullptr);
  void* const address = ::dlsym(handle_, name);
  if (address == nullptr && missing_.empty())
    missing_ = fmt::format("a library is of another version: {}", last_error());
  return Symbol(address);
}

}  // namespace godwit::lookup

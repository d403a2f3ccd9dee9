// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/file_descriptor.hpp"

#include <unistd.h>

namespace godwit::net {

void FileDescriptor::reset(int descriptor) {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = descriptor;
}

}  // namespace godwit::net

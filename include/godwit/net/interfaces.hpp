// SPDX-License-Identifier: Apache-2.0
// The addresses of this machine, behind an interface so that a simulated host can have its own.  Asked by daemon/ at
// start and at a reload: a wildcard listener is reached at all of them.  Does not wait for anything (one question to
// the kernel).  Thread-safe.
#pragma once

#include <vector>

#include "godwit/base/ip_address.hpp"
#include "godwit/base/result.hpp"

namespace godwit::net {

class Interfaces {
 public:
  virtual ~Interfaces() = default;
  // Of all interfaces that are up, each once; without link-local ones, which nobody's MX has.  Errors: io.
  virtual base::Result<std::vector<base::IpAddress>> addresses() const = 0;
};

class SystemInterfaces final : public Interfaces {
 public:
  base::Result<std::vector<base::IpAddress>> addresses() const override;
};

}  // namespace godwit::net

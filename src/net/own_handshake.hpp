// SPDX-License-Identifier: Apache-2.0
// A stream that tls_accept() secures without OpenSSL: a simulated one, whose bytes must be the same in every run.
#pragma once

namespace godwit::net {

class OwnHandshake {
 public:
  virtual ~OwnHandshake() = default;
  // The stream's tls_info() tells of it from then on.
  virtual void shake_hands() = 0;
};

}  // namespace godwit::net

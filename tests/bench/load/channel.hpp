// SPDX-License-Identifier: Apache-2.0
// One connection that never blocks, in the clear or under TLS.  What fails throws std::runtime_error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "client_tls.hpp"
#include "godwit/base/ip_address.hpp"
#include "godwit/net/file_descriptor.hpp"
#include "godwit/net/openssl.hpp"

namespace godwit::bench {

class Channel {
 public:
  // On its way: it can be read from when the server speaks.
  explicit Channel(const base::Endpoint& server);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  int descriptor() const { return socket_.get(); }

  // From now on TLS; handshake() until it says `done`.  `tls` outlives the channel.
  void begin_tls(ClientTls& tls);
  enum class Step { done, to_read, to_write };
  Step handshake();

  // How much of it was taken; less than all: the rest when it can be written to.
  std::size_t send(std::string_view bytes);

  struct Received {
    std::string_view bytes;  // in `into`
    bool more;               // may be there, though the descriptor does not say so
    bool closed;
  };
  Received receive(std::span<char> into);

 private:
  Received receive_tls(std::span<char> into);

  net::FileDescriptor socket_;
  ClientTls* tls_ = nullptr;
  net::SslPtr ssl_;
};

}  // namespace godwit::bench

// SPDX-License-Identifier: Apache-2.0
// An OpenSSL session over a Stream.  The BIO is ours and reads and writes the lower stream without blocking, so TLS
// runs over whatever is a Stream, and an idle session holds no buffers.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "godwit/net/client_authorities.hpp"
#include "godwit/net/openssl.hpp"
#include "godwit/net/stream.hpp"

namespace godwit::net {

// The lower stream as the BIO sees it, and what became of it: OpenSSL's own error says less.
struct TlsLower {
  Stream* stream = nullptr;
  bool ended = false;
  int os_error = 0;
  std::array<char, 16> first{};  // the first bytes that came, to recognise a peer that does not speak TLS
  std::uint8_t first_size = 0;
};

class TlsStream final : public Stream {
 public:
  TlsStream(std::unique_ptr<Stream> lower, SslPtr session);
  ~TlsStream() override;

  // Once, before anything else.
  Task<> handshake(base::MonoTime deadline);

  IoResult try_read(std::span<char> into) override;
  IoResult try_write(std::string_view bytes) override;
  Task<> readable(base::MonoTime deadline) override;
  Task<> writable(base::MonoTime deadline) override;
  bool can_park() const override { return read_wants_ == Wants::read && stream_->can_park(); }
  void park(base::MonoTime deadline, Wake then) override;
  void cancel() override { stream_->cancel(); }
  void interrupt() override { stream_->interrupt(); }
  void shutdown() override;
  const base::Endpoint& local() const override { return stream_->local(); }
  const base::Endpoint& remote() const override { return stream_->remote(); }
  const TlsInfo* tls_info() const override { return &info_; }
  PeerNames peer_names() const;
  bool peer_finished() const override { return stream_->peer_finished(); }
  std::function<bool()> hangup_probe() const override { return stream_->hangup_probe(); }

 private:
  enum class Wants { nothing, read, write };  // of the lower stream, since the last try
  IoResult refused(int result, Wants& wants);
  base::Error handshake_error() const;
  void describe();

  std::unique_ptr<Stream> stream_;
  TlsLower lower_;
  SslPtr session_;  // refers to lower_
  TlsInfo info_;
  Wants read_wants_ = Wants::nothing;
  Wants write_wants_ = Wants::nothing;
  bool ended_ = false;  // close_notify came
  int failure_ = 0;     // errno-like; the session is over
};

}  // namespace godwit::net

// SPDX-License-Identifier: Apache-2.0
// A two-way byte stream (TCP, Unix socket, TLS over either, or a simulated one) and the network that makes them.  One
// reactor owns a stream; not thread-safe.  Nothing here blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/ip_address.hpp"
#include "godwit/base/result.hpp"

namespace godwit::net {

template <class T = void>
using Task = boost::asio::awaitable<base::Result<T>>;

// What a try came to.  end: the peer closed its side in order.  would_block: wait for readable() or writable(), then
// try again; a write is tried again with the same bytes first (TLS has sealed them already), from wherever they lie
// now.
struct IoResult {
  enum class Status { ok, would_block, end, failed } status = Status::failed;
  std::size_t bytes = 0;  // for ok: at least one
  int os_error = 0;       // for failed
};

// What a handshake agreed on.
struct TlsInfo {
  std::string version;          // "TLSv1.3"
  std::string cipher;           // "TLS_AES_256_GCM_SHA384"
  std::string peer_subject;     // of the peer's certificate, verified or not (`verify` says); empty: it sent none
  std::string channel_binding;  // tls-exporter bytes (RFC 9266); empty where the session does not allow it
  std::string end_point;        // tls-server-end-point bytes (RFC 5929); empty where the certificate does not allow it
  std::string server_name;      // SNI as sent or received
  std::string verify;           // "ok", or why the peer's certificate is not trusted; empty: none was asked for
};

// Who is at the other end of a Unix socket, as the kernel knew when it connected (SO_PEERCRED).
struct PeerCredential {
  uid_t user = 0;
  gid_t group = 0;
  pid_t process = 0;
  std::vector<gid_t> groups = {};  // the others it is in (SO_PEERGROUPS)
};

// Waits are coroutines that refer to the stream: it must outlive them (cancel, await, then destroy).
class Stream {
 public:
  virtual ~Stream() = default;

  virtual IoResult try_read(std::span<char> into) = 0;
  virtual IoResult try_write(std::string_view bytes) = 0;
  // Wait until a try may do something.  Errors: timed_out (deadline), cancelled (cancel() or close() meanwhile), io.
  // At most one waiter for each direction.
  virtual Task<> readable(base::MonoTime deadline) = 0;
  virtual Task<> writable(base::MonoTime deadline) = 0;

  // Nobody has waited since the last read took all that had come, or at all: most likely a read would block.
  virtual bool is_drained() const { return false; }

  // A wait that may be long needs no coroutine, which would take memory meanwhile: `then` is called once, on the
  // reactor, when readable() would have ended, however it would have; another try, or wait, tells.  Only where
  // can_park() says so, after a read that would block.  `then` may own the stream.
  using Wake = std::move_only_function<void()>;
  virtual bool can_park() const { return false; }
  virtual void park(base::MonoTime deadline, Wake then);

  // Waits under way, and all later ones, end with `cancelled`.  Safe to call at any time on the owning reactor.
  virtual void cancel() = 0;
  // Only the waits under way end with `cancelled`; the stream stays usable (to say 421 to an idle client).
  virtual void interrupt() { cancel(); }
  // Orderly end of our side: FIN, or TLS close_notify then FIN; never waits.
  virtual void shutdown() = 0;

  virtual const base::Endpoint& local() const = 0;
  virtual const base::Endpoint& remote() const = 0;

  // Null: no TLS.
  virtual const TlsInfo* tls_info() const { return nullptr; }
  // Empty: not a program of this machine, or it cannot be told.
  virtual std::optional<PeerCredential> peer_credential() const { return {}; }
  // The peer has closed its side (FIN or reset), though bytes it sent before may still wait to be read.  Never blocks.
  virtual bool peer_finished() const { return false; }
  // The same question for other threads, also after the stream's end: a pool asks before it works for a peer that may
  // be gone.  Empty: it cannot be told.
  virtual std::function<bool()> hangup_probe() const { return {}; }
};

// A stream that is over: reads give `end`, writes fail, waits end with `closed`.
std::unique_ptr<Stream> closed_stream();

// try_read(), but for a drained stream, which is only said to block: who waits for each reply has said no more yet.
IoResult try_read_more(Stream& stream, std::span<char> into);
// Up to into.size() bytes, at least one.  Errors: closed (the peer ended or reset it), timed_out, cancelled, io. `into`
// is written only between the last wait and the return, so it may be a buffer that many streams of a reactor share.
Task<std::size_t> read_some(Stream& stream, std::span<char> into, base::MonoTime deadline);
// Some of `bytes`, at least one byte.
Task<std::size_t> write_some(Stream& stream, std::string_view bytes, base::MonoTime deadline);
// All of `bytes`, which must outlive the call.
Task<> write_all(Stream& stream, std::string_view bytes, base::MonoTime deadline);

class Listener {
 public:
  virtual ~Listener() = default;  // closes
  // The next connection.  Errors: cancelled (close()), exhausted (no descriptors: try again later), io.
  virtual Task<std::unique_ptr<Stream>> accept() = 0;
  virtual const base::Endpoint& local() const = 0;
  // Drains what the kernel has accepted already, then stops listening.
  virtual void close() = 0;
};

class Canceller;

struct ConnectOptions {
  std::optional<base::IpAddress> source = {};  // of the remote's family
  base::MonoTime deadline = base::no_deadline;
  Canceller* canceller = nullptr;  // whose cancel() ends the attempt (a stream does not exist yet); outlives the call
};

// What one reactor offers for talking and waiting.
class Network {
 public:
  virtual ~Network() = default;
  // Errors: refused, timed_out, cancelled, exhausted (no descriptors), invalid (source of another family), io
  // (unreachable, ...).
  virtual Task<std::unique_ptr<Stream>> connect(base::Endpoint remote, ConnectOptions options) = 0;
  // Completes at `until`; error cancelled when the reactor is stopping.
  virtual Task<> sleep_until(base::MonoTime until) = 0;
  virtual base::MonoTime now() const = 0;
};

}  // namespace godwit::net

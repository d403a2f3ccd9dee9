// SPDX-License-Identifier: Apache-2.0
// A connected TCP or Unix socket as a Stream.  Reads and writes are tried on the non-blocking socket first; only EAGAIN
// costs a wait, and an idle connection holds no buffer.  A peer that keeps us busy is made to wait its turn: after some
// reads in a row that did not block, one reports would_block so that the driver goes through the reactor once.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>

#include "godwit/net/deadline.hpp"
#include "godwit/net/file_descriptor.hpp"
#include "godwit/net/stream.hpp"

namespace godwit::net {

class SocketStream final : public Stream {
 public:
  // Takes a connected, non-blocking socket.  An empty `remote` is asked of the kernel.  executor: an io_context's.
  static base::Result<std::unique_ptr<SocketStream>> adopt(const boost::asio::any_io_executor& executor,
                                                           Deadlines& deadlines, FileDescriptor socket,
                                                           std::optional<base::Endpoint> remote = {});
  ~SocketStream() override;

  IoResult try_read(std::span<char> into) override;
  IoResult try_write(std::string_view bytes) override;
  Task<> readable(base::MonoTime deadline) override;
  Task<> writable(base::MonoTime deadline) override;
  bool is_drained() const override { return drained_; }
  bool can_park() const override { return true; }
  void park(base::MonoTime deadline, Wake then) override;
  void cancel() override;
  void interrupt() override;
  void shutdown() override;
  const base::Endpoint& local() const override;
  const base::Endpoint& remote() const override { return remote_; }
  bool peer_finished() const override;
  std::function<bool()> hangup_probe() const override;

  std::optional<PeerCredential> peer_credential() const override;
  int native_handle() const { return socket_.native_handle(); }

 private:
  // Of the one kind of executor that reactors have: any_io_executor would be copied through a table of functions for
  // each wait, and takes more memory in what waits.
  using Socket =
      boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, boost::asio::io_context::executor_type>;
  struct Side {  // one direction
    Side(Deadlines& deadlines, SocketStream& stream) : deadline(deadlines, &SocketStream::wake, &stream) {}
    Deadline deadline;
    bool interrupted = false;
  };
  SocketStream(const boost::asio::any_io_executor& executor, Deadlines& deadlines, base::Endpoint remote);
  struct Parked;
  static void wake(void* stream);
  Side& writing();
  auto async_wait(boost::asio::socket_base::wait_type what, boost::system::error_code& error);
  Task<> wait(boost::asio::socket_base::wait_type what, Side& side, base::MonoTime deadline);
  void wait_parked(Wake then);
  void unpark(const boost::system::error_code& error, Wake then);

  Deadlines& deadlines_;
  mutable Socket socket_;  // Asio has no const native_handle()
  Side reading_;
  std::unique_ptr<Side> writing_;  // once a wait for it was needed: most peers read what we say
  base::Endpoint remote_;
  mutable std::unique_ptr<const base::Endpoint> local_;  // once it was asked for
  std::size_t read_in_a_row_ = 0;                        // bytes since the last wait
  bool drained_ = true;
  bool cancelled_ = false;
};

}  // namespace godwit::net

// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/stream.hpp"

#include <cerrno>
#include <stdexcept>

namespace godwit::net {
namespace {

std::unexpected<base::Error> io_failure(const char* what, const IoResult& result) {
  auto error = base::fail_os(what, result.os_error);
  const bool by_peer = result.os_error == ECONNRESET || result.os_error == EPIPE;
  if (by_peer) error.error().kind = base::ErrorKind::closed;
  return error;
}

class ClosedStream final : public Stream {
 public:
  IoResult try_read(std::span<char>) override { return {.status = IoResult::Status::end}; }
  IoResult try_write(std::string_view) override { return {.status = IoResult::Status::failed, .os_error = EPIPE}; }
  Task<> readable(base::MonoTime) override { return over(); }
  Task<> writable(base::MonoTime) override { return over(); }
  void cancel() override {}
  void shutdown() override {}
  const base::Endpoint& local() const override { return none_; }
  const base::Endpoint& remote() const override { return none_; }
  bool peer_finished() const override { return true; }

 private:
  static Task<> over() { co_return base::fail(base::ErrorKind::closed, "the connection is closed"); }
  base::Endpoint none_;
};

}  // namespace

void Stream::park(base::MonoTime, Wake) {
  throw std::logic_error("a stream that cannot park was asked to");
}

std::unique_ptr<Stream> closed_stream() {
  return std::make_unique<ClosedStream>();
}

IoResult try_read_more(Stream& stream, std::span<char> into) {
  return stream.is_drained() ? IoResult{.status = IoResult::Status::would_block} : stream.try_read(into);
}

Task<std::size_t> read_some(Stream& stream, std::span<char> into, base::MonoTime deadline) {
  for (;;) {
    const IoResult result = try_read_more(stream, into);
    switch (result.status) {
      case IoResult::Status::ok:
        co_return result.bytes;
      case IoResult::Status::end:
        co_return base::fail(base::ErrorKind::closed, "closed by the peer");
      case IoResult::Status::failed:
        co_return io_failure("read", result);
      case IoResult::Status::would_block:
        break;
    }
    auto ready = co_await stream.readable(deadline);
    if (!ready) co_return std::unexpected(std::move(ready.error()));
  }
}

Task<std::size_t> write_some(Stream& stream, std::string_view bytes, base::MonoTime deadline) {
  for (;;) {
    const IoResult result = stream.try_write(bytes);
    switch (result.status) {
      case IoResult::Status::ok:
        co_return result.bytes;
      case IoResult::Status::end:
        co_return base::fail(base::ErrorKind::closed, "closed by the peer");
      case IoResult::Status::failed:
        co_return io_failure("write", result);
      case IoResult::Status::would_block:
        break;
    }
    auto ready = co_await stream.writable(deadline);
    if (!ready) co_return std::unexpected(std::move(ready.error()));
  }
}

Task<> write_all(Stream& stream, std::string_view bytes, base::MonoTime deadline) {
  while (!bytes.empty()) {
    auto written = co_await write_some(stream, bytes, deadline);
    if (!written) co_return std::unexpected(std::move(written.error()));
    bytes.remove_prefix(*written);
  }
  co_return base::Result<>();
}

}  // namespace godwit::net

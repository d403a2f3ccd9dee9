// SPDX-License-Identifier: Apache-2.0
// A socket, Unix or TCP, that blocks until a deadline: for what runs on a pool.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"

namespace godwit::net {

// How long a poll(2) may wait, in milliseconds: 0 when the deadline has passed.
int poll_time(base::MonoTime deadline, const base::Clock& clock);
// Until the descriptor is ready for `events` of poll(2).  Errors: timed_out, io.
base::Result<> wait_ready(int descriptor, short events, base::MonoTime deadline, const base::Clock& clock);

class BlockingSocket {
 public:
  explicit BlockingSocket(const base::Clock& clock) : clock_(clock) {}
  BlockingSocket(const BlockingSocket&) = delete;
  BlockingSocket& operator=(const BlockingSocket&) = delete;
  ~BlockingSocket();

  // Errors of all: closed (the peer ended it), timed_out, io, exhausted (it sends more than anybody would).
  base::Result<> connect(const std::string& path);
  base::Result<> connect_tcp(const std::string& host, const std::string& port, base::MonoTime deadline);
  base::Result<> send(std::string_view bytes, base::MonoTime deadline);
  // Without its end.
  base::Result<std::string> read_line(base::MonoTime deadline);
  base::Result<std::string> read_exactly(std::size_t size, base::MonoTime deadline);

 private:
  base::Result<> read_more(base::MonoTime deadline);

  const base::Clock& clock_;
  int descriptor_ = -1;
  std::string read_;
};

}  // namespace godwit::net

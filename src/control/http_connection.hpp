// SPDX-License-Identifier: Apache-2.0
// One connection of the control server, as far as it reads: request after request, each with its bounds and deadlines.
// A message that is sent along is given out piece by piece; who sends it too slowly is dropped.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <boost/beast/http/parser.hpp>

#include "api.hpp"
#include "godwit/control/server.hpp"
#include "godwit/net/pace.hpp"
#include "piece_body.hpp"

namespace godwit::control {

inline constexpr base::Duration piece_timeout = std::chrono::seconds(30);  // for the next bytes of a message
inline constexpr std::uint64_t least_rate = 500;                           // bytes a second of a message

// What one request came to: its header is parsed, it is broken (the answer), or over (the peer is gone or idle).
struct Received {
  enum class Kind { request, broken, over } kind = Kind::over;
  Response refusal{};
};

// One request at a time: receive(), then next_piece() to the body's end.
struct Server::Connection {
  std::unique_ptr<net::Stream> stream;
  const base::Clock& clock;
  std::optional<boost::beast::http::request_parser<PieceBody>> parser{};
  std::string pending{};  // read but not parsed: also the request that follows
  std::string piece{};    // of the body, given out
  std::uint64_t body_size = 0;
  bool takes_body = false;
  net::Pace pace{least_rate, piece_timeout};  // of such a body
  base::MonoTime deadline{};
  bool begun = false;  // a request came, in part
  bool idle = true;    // until one came that may be made: only such keep others out
  base::MonoTime idle_since{};
  bool displaced = false;              // it makes room for another, and is about to end
  net::Stream* handshaking = nullptr;  // while a handshake has taken the stream over
  std::shared_ptr<EventFeed::Subscription> events{};

  void begin();
  void cancel() {
    if (auto* waiting = handshaking != nullptr ? handshaking : stream.get()) waiting->cancel();
  }
  // The next request, up to the end of its header.
  boost::asio::awaitable<Received> receive();
  // Errors: invalid (it is no HTTP), exhausted (too long), those of the stream.
  net::Task<std::string_view> next_piece();
  // Passes over what is left of the body, if that is little and comes soon.
  boost::asio::awaitable<Received> finish();
  // After the last answer to one who still sends: passes over some of that, so that he comes to read the answer, which
  // closing at once would take from him.  Counts as idle.
  boost::asio::awaitable<void> linger();

 private:
  boost::system::error_code parse();
  net::Task<> read_more();
};

}  // namespace godwit::control

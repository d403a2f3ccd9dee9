// SPDX-License-Identifier: Apache-2.0
// One client: connects, greets, perhaps logs in, sends messages over this connection and the ones after it, and says
// how long the server took for each.  A reply that is not good, and a server that hangs up, throw std::runtime_error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "channel.hpp"
#include "client_tls.hpp"
#include "epoll.hpp"
#include "latencies.hpp"
#include "script.hpp"
#include "work.hpp"

namespace godwit::bench {

enum class TlsMode { none, starttls, implicit };

struct SessionSettings {
  base::Endpoint server;
  Pipelining pipelining = Pipelining::all;  // one_command where the server does not offer it
  bool chunking = false;                    // the script needs it
  TlsMode tls = TlsMode::none;
  std::string login;                          // the response of AUTH PLAIN, in base 64; "": none
  std::uint64_t messages_per_connection = 0;  // 0: no bound
};

struct Figures {
  void add(const Figures& other) {
    to_reply.add(other.to_reply);
    from_due.add(other.from_due);
  }

  Latencies to_reply;  // from the end of a message to the reply to it
  Latencies from_due;  // from the time when it was to be sent
};

// What all sessions share; outlives them.
struct Surroundings {
  const SessionSettings& settings;
  const Script& script;
  Work& work;
  ClientTls& tls;
  Epoll& epoll;
  Figures figures{};  // the program takes them from time to time
  std::uint64_t connections = 0;
  std::size_t open_sessions = 0;
  std::deque<class Session*> idle{};  // they wait for a message to become due
  Clock::time_point last_reply{};
};

class Session {
 public:
  explicit Session(Surroundings& around);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void connect();
  // The descriptor can be read from or written to.
  void on_event();
  // Begins the next message if there is one now, ends when there will be none, else joins those that are idle.
  void go_on();

 private:
  enum class Phase { greeting, hello, starttls, handshake, login, idle, transaction, quitting, over };

  void shake_hands();
  void read();
  void take(std::string_view bytes);
  void take_line(std::string_view line);
  void take_reply(char digit, std::string_view line);
  void take_answer();
  void say_hello();
  void greeted();
  bool may_send_another() const;
  void send_piece();
  void send(std::string_view bytes);
  void flush();
  void want(Epoll::Wanted wanted);

  Surroundings& around_;
  std::optional<Channel> channel_;
  std::uint64_t channels_ = 0;  // so far
  Phase phase_ = Phase::over;
  bool secured_ = false;
  bool pipelining_ = false;
  bool chunking_ = false;
  std::string line_;         // the beginning of one
  std::string_view unsent_;  // in the script, or in command_
  std::string command_;
  Epoll::Wanted wanted_ = Epoll::Wanted::to_read;
  std::uint64_t sent_here_ = 0;                // messages of this connection
  std::size_t answered_ = 0;                   // steps of the message
  std::size_t outstanding_ = 0;                // replies to what was sent
  std::optional<std::size_t> behind_message_;  // of what is unsent, while the message's end is
  std::optional<Clock::time_point> next_due_;  // the next message was taken
  Clock::time_point due_{};
  Clock::time_point ended_{};
};

}  // namespace godwit::bench

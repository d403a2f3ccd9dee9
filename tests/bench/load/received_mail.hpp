// SPDX-License-Identifier: Apache-2.0
// The server's side of one connection, without a socket: counts the mail and forgets it.  It trusts its clients, which
// are mail servers under measurement.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "process_time.hpp"

namespace godwit::bench {

struct Received {  // by all connections
  std::uint64_t messages = 0;
  std::uint64_t recipients = 0;
  std::uint64_t bytes = 0;  // of messages, as they came
  std::uint64_t connections = 0;
  Clock::time_point last{};  // message
};

struct Extensions {
  bool chunking = false;
};

class ReceivedMail {
 public:
  // `received` outlives it.
  ReceivedMail(Extensions extensions, Received& received) : extensions_(extensions), received_(received) {}

  enum class GoingOn { yes, no };
  // What is to be answered is appended.
  GoingOn take(std::string_view bytes, std::string& answers);

 private:
  enum class State { command, data, chunk };

  std::string_view take_data(std::string_view bytes, std::string& answers);
  std::string_view take_chunk(std::string_view bytes, std::string& answers);
  GoingOn take_command(std::string_view line, std::string& answers);
  void begin_chunk(std::string_view line);
  void count_message();

  Extensions extensions_;
  Received& received_;
  State state_ = State::command;
  std::string line_;  // the beginning of one
  std::string end_;   // the last bytes of the data so far
  std::uint64_t chunk_left_ = 0;
  bool last_chunk_ = false;
  std::uint64_t recipients_ = 0;
};

}  // namespace godwit::bench

// SPDX-License-Identifier: Apache-2.0
// What was said and what happened in one attempt, line by line with the time since its begin, for people who ask why.
// Bounded whatever the peer says: of a long one the middle is left out.  Credentials are not in it, nor is the message.
// Written by the agent on its reactor, read when the attempt is over.  Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"

namespace godwit::deliver {

class Transcript {
 public:
  static constexpr std::size_t longest_line = 512;
  static constexpr std::size_t longest_part = 6000;  // bytes of the beginning, and of the end

  explicit Transcript(base::MonoTime began) : began_(began) {}

  // secret: it belongs to an exchange of credentials, of which only the outline is kept.
  enum class Kind { open, secret };
  void sent(base::MonoTime now, std::string_view bytes, Kind kind = Kind::open);
  // In any pieces; a line is kept when it is whole, or when something else happens.
  void received(base::MonoTime now, std::string_view bytes, Kind kind = Kind::open);
  // What we did, or what befell the connection.
  void note(base::MonoTime now, std::string_view remark);

  // All of it, as parse() reads it: a line "<milliseconds> <sign> <words>" each.  Bytes of the peer's are as they came.
  std::string text() const;

  struct Line {
    std::chrono::milliseconds at{};
    char sign = '*';  // '>' we said, '<' the peer said, '*' a note
    std::string_view words{};
  };
  // What does not look like a line is passed over.
  static std::vector<Line> parse(std::string_view text);

 private:
  void add(base::MonoTime now, char sign, std::string_view words);
  void add_received(base::MonoTime now, std::string_view line, Kind kind);
  void finish_line(base::MonoTime now);
  std::string line(base::MonoTime now, char sign, std::string_view words) const;

  base::MonoTime began_;
  std::string beginning_;
  std::deque<std::string> end_;
  std::size_t end_size_ = 0;
  std::size_t left_out_ = 0;  // lines between the two
  bool beginning_full_ = false;
  std::string unfinished_;  // of a line that is being received
  Kind unfinished_kind_ = Kind::open;
};

}  // namespace godwit::deliver

// SPDX-License-Identifier: Apache-2.0
// Byte streams ↔ lines and message data (RFC 5321 sections 2.3.8, 4.5.2, 4.5.3.1).  Pure, incremental, no allocation to
// refuse. Only CR LF ends a line and only CR LF . CR LF ends data; a bare CR or LF is an event that the session must
// answer.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace godwit::smtp {

// Watches the bytes of a message; undoes dot-stuffing and finds the end of the data, unless others count its octets
// (BDAT, RFC 3030).
class DataReader {
 public:
  enum class Framing { dots, counted };
  explicit DataReader(Framing framing = Framing::dots) : framing_(framing) {}

  struct Chunk {
    std::string_view
        bytes;         // unstuffed canonical data; points into the input or into the reader, valid until the next call
    bool end = false;  // CRLF.CRLF was read
  };
  // Takes some bytes from the front of `input` (all of them if no end is in it) and gives what they mean.  Call until
  // input is empty or `end`.
  Chunk read(std::string_view& input);
  // Ends counted data: what is to be added so that it ends in a line end.
  std::string_view finish();
  // The same of octets that are no lines: only what was held back.
  std::string_view finish_binary() const { return state_ == State::cr ? "\r" : ""; }
  bool bare_newline() const { return bare_newline_; }  // a bare CR or LF was seen so far
  bool has_nul() const { return has_nul_; }
  std::size_t longest_line() const { return longest_line_; }  // octets without the line end

 private:
  enum class State { line_start, text, cr, dot, dot_cr };
  Chunk read_text(std::string_view& input);
  Chunk resolve_cr(std::string_view& input);
  void end_line();

  Framing framing_;
  State state_ = State::line_start;
  bool bare_newline_ = false;
  bool has_nul_ = false;
  std::size_t line_ = 0;
  std::size_t longest_line_ = 0;
};

// Does dot-stuffing for the client.  Requires: the body is canonical (the spool takes no other).
class DotStuffer {
 public:
  // Appends the stuffed form of `bytes` to `out`.
  void put(std::string_view bytes, std::string& out);
  // Appends what ends the data: ".CRLF", after a CRLF where the body does not end in one.
  void finish(std::string& out);

 private:
  bool line_start_ = true;
};

}  // namespace godwit::smtp

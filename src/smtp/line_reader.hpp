// SPDX-License-Identifier: Apache-2.0
// Command lines from a byte stream (RFC 5321 section 2.3.8).  Only CR LF ends a line: a bare LF, a bare CR or a NUL
// makes all up to the next CR LF one bad line, so that no reader before or after us can see two commands where we see
// one.  What it finds depends on the stream only, never on how it was cut into reads.
#pragma once

#include <cstddef>
#include <string_view>

namespace godwit::smtp {

class LineReader {
 public:
  enum class Status {
    complete,  // `line` is one, without its CR LF
    more,      // there is no whole line yet; what there is of it stays in `input`
    bad,       // a bare LF (told at once, or a peer that knows no CR would wait for ever), a bare CR or a NUL
    hopeless,  // a second bare LF before the CR LF: the peer knows no CR, and no line of it will ever end
    too_long,  // more than `limit` octets; told at its CR LF, and never kept
  };
  // Takes a line from the front of `input`; `line` points into it.
  Status read(std::string_view& input, std::size_t limit, std::string_view& line);

 private:
  enum class Skipped { end, lf, more };
  Skipped skip(std::string_view& input);

  enum class Skipping { no, told, untold } skipping_ = Skipping::no;  // to the CR LF of a line already found bad
  bool after_cr_ = false;                                             // while skipping: the last byte was CR
};

}  // namespace godwit::smtp

// SPDX-License-Identifier: Apache-2.0
// A message/rfc822 body on its way: its line ends become CRLF, its header is looked at, the rest streams by and is not
// held in memory.
#pragma once

#include <string>
#include <string_view>

#include "godwit/control/backend.hpp"

namespace godwit::control {

class RawMessage {
 public:
  explicit RawMessage(spool::Pieces pieces) : pieces_(std::move(pieces)) {}
  // Reads to the end of the header, which it gives with what came along.  Errors: invalid (it is longer than 1 MiB, or
  // there is nothing), those of the pieces.
  Task<std::string_view> header();
  // All of it, after header(); as spool::Pieces has it.
  Task<std::string_view> next();

 private:
  bool has_header();
  Task<> read_more();  // appends to kept_

  spool::Pieces pieces_;
  std::string kept_;
  std::size_t searched_ = 0;  // of kept_: the header does not end there
  std::string given_;
  bool after_cr_ = false;  // held back: LF may follow
  bool ended_ = false;
};

}  // namespace godwit::control

// SPDX-License-Identifier: Apache-2.0
// What a request says beside its method and path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "godwit/control/backend.hpp"
#include "godwit/control/settings.hpp"
#include "submission_order.hpp"

namespace godwit::control {

inline constexpr std::size_t default_limit = 100;

struct Arguments {
  base::MessageId id;
  dispatch::Selector selector{};
  dispatch::Page page{.limit = default_limit, .after = {}};
  bool all = false;
  std::string reason{};
  base::Duration wait{};
  std::string after_name{};
  std::size_t after_rank = 0;
  std::string name{};                    // of who is locked out
  std::uint64_t envelope = 0;            // size
  smtp::Mailbox address{};               // whose route is asked for
  state::HistoryQuery history{};         // but for what `selector` and `page` say too
  std::uint64_t after_line = 0;          // of the log
  log::Level level = log::Level::debug;  // likewise: this one and worse
  ReplayOrder replay{};
  bool force = false;  // a reload
  spool::Pieces body{};
  Scopes scopes = 0;             // of who asks
  SubmissionOrder submission{};  // but for `body`
};

// "limit=10&sender=%40example.com"; what is wrong with it, or empty.
std::string read_query(std::string_view query, Arguments& arguments);
std::string bad_id(std::string_view text);

}  // namespace godwit::control

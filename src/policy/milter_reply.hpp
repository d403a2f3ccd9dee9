// SPDX-License-Identifier: Apache-2.0
// What a milter says, read from its packets.  Whether it may say so now is milter_dialogue's to judge.  Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "godwit/base/result.hpp"
#include "godwit/smtp/reply.hpp"
#include "milter_change.hpp"

namespace godwit::policy {

// The stages at which a milter chooses macros (SMFIM_*).
enum class MacroStage : std::uint8_t { connect, helo, mail, rcpt, data, end_of_message, end_of_header };
inline constexpr std::size_t macro_stages = 7;

// The simple ones.
enum class MilterWord {
  go_on,
  accept,
  discard,
  reject,
  defer,
  skip,      // enough of the body
  progress,  // be patient
  shut_down,
  no_connection,
};

struct MilterOptions {
  std::uint32_t version = 0;
  std::uint32_t actions = 0;
  std::uint32_t steps = 0;
  std::map<MacroStage, std::vector<std::string>> macros = {};  // of which it wants these alone; "i", "{mail_addr}"
};

struct MilterBody {  // a piece of what replaces the body
  std::string bytes;
};

using MilterReply = std::variant<MilterWord, smtp::Reply, MilterOptions, MilterChange, MilterBody>;

// Errors: invalid.
base::Result<MilterReply> parse_milter_reply(char code, std::string_view data);

}  // namespace godwit::policy

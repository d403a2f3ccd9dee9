// SPDX-License-Identifier: Apache-2.0
// One request of a command to the daemon, and what is said when it fails.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include "control_commands.hpp"
#include "http_client.hpp"

namespace godwit::tools {

struct Answer {
  unsigned status = 0;
  std::string body;
  boost::json::value value;  // an object
  bool good() const { return status >= 200 && status < 300; }
};

void complain(const ControlCommands& commands, std::string_view what);
// What to do about a socket that cannot be reached.
std::string advice(int os_error);
// Nothing: could not ask, and said so.
std::optional<Answer> ask(const ControlCommands& commands, const std::string& method, const std::string& target,
                          const HttpBody& body = {}, std::chrono::seconds patience = usual_patience);
// Says what the daemon said; the exit code.
int fail(const ControlCommands& commands, const Answer& answer, const std::string& about);

}  // namespace godwit::tools

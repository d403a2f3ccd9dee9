// SPDX-License-Identifier: Apache-2.0
#include "control_request.hpp"

#include <cerrno>
#include <ostream>
#include <utility>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "godwit/base/text.hpp"

namespace godwit::tools {

void complain(const ControlCommands& commands, std::string_view what) {
  commands.console.err << "godwitctl: " << what << "\n";
}

std::string advice(int os_error) {
  switch (os_error) {
    case ENOENT:
    case ECONNREFUSED:
      return " (is it running? another socket: --socket)";
    case EACCES:
      return " (root and members of the group godwit may)";
    default:
      return {};
  }
}

std::optional<Answer> ask(const ControlCommands& commands, const std::string& method, const std::string& target,
                          const HttpBody& body, std::chrono::seconds patience) {
  auto answer = http_request(commands.socket, method, target, body, patience);
  if (!answer) {
    complain(commands, "cannot reach godwitd: " + answer.error().message + advice(answer.error().os_error));
    return std::nullopt;
  }
  boost::system::error_code error;
  auto value = boost::json::parse(answer->body, error);
  if (error || !value.is_object()) {
    complain(commands, fmt::format("godwitd answered {} without JSON", answer->status));
    return std::nullopt;
  }
  return Answer{answer->status, std::move(answer->body), std::move(value)};
}

int fail(const ControlCommands& commands, const Answer& answer, const std::string& about) {
  if (commands.output == Output::json) commands.console.out << answer.body;
  const boost::json::value* error = answer.value.get_object().if_contains("error");
  complain(commands,
           about + (error != nullptr && error->is_string() ? base::printable(error->get_string())
                                                           : fmt::format("godwitd answered {}", answer.status)));
  return exit_failed;
}

}  // namespace godwit::tools

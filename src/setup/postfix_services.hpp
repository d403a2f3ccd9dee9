// SPDX-License-Identifier: Apache-2.0
// master.cf: which programs Postfix runs, and with what settings of their own.  Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "postfix_parameters.hpp"

namespace godwit::setup::postfix {

struct Service {
  std::string name;                      // "smtp", "127.0.0.1:10025", "dovecot"
  std::string type;                      // inet, unix, pass …
  std::string command;                   // smtpd, postscreen, pipe …
  Settings options;                      // -o
  std::string place;                     // "master.cf:9"
  std::string processes = "-";           // at most so many; 0: any number, -: default_process_limit
  std::vector<std::string> arguments{};  // of the command, without -o

  bool is_inet() const { return type == "inet"; }
};

std::vector<Service> parse_services(std::string_view text, const std::string& file, std::vector<Fault>& faults);
// What counts where there is no master.cf: port 25.
std::vector<Service> usual_services();
const Service* find_service(const std::vector<Service>& services, std::string_view name);

}  // namespace godwit::setup::postfix

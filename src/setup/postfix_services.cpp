// SPDX-License-Identifier: Apache-2.0
#include "postfix_services.hpp"

#include <algorithm>

#include "godwit/base/text.hpp"

namespace godwit::setup::postfix {
namespace {

constexpr std::size_t fields_before_command = 7;  // the last is maxproc

// Blanks part words, commas do not.
std::vector<std::string> fields_of(std::string_view text) {
  std::vector<std::string> fields;
  for (std::size_t at = 0; (at = text.find_first_not_of(" \t", at)) != std::string_view::npos;) {
    const auto start = at;
    while (at < text.size() && text[at] != ' ' && text[at] != '\t') {
      const auto close = text[at] == '{' ? closing_brace(text, at) : at;
      at = close == std::string_view::npos ? text.size() : close + 1;
    }
    fields.emplace_back(text.substr(start, at - start));
  }
  return fields;
}

void read_options(const std::vector<std::string>& fields, Service& service, std::vector<Fault>& faults) {
  for (std::size_t i = fields_before_command + 1; i < fields.size(); ++i) {
    if (!fields[i].starts_with("-o")) {
      service.arguments.push_back(fields[i]);
      continue;
    }
    std::string_view text = std::string_view(fields[i]).substr(2);
    if (text.empty() && ++i < fields.size()) text = fields[i];
    std::string name, value;
    if (split_setting(without_braces(text), name, value))
      service.options.insert_or_assign(std::move(name), Setting{.value = std::move(value), .place = service.place});
    else
      faults.push_back({service.place, "-o " + shown_text(text, 60), "is no setting (-o name=value)"});
  }
}

}  // namespace

std::vector<Service> parse_services(std::string_view text, const std::string& file, std::vector<Fault>& faults) {
  std::vector<Service> services;
  const auto lines = logical_lines(text);
  name_left_lines(lines, file, faults);
  for (const auto& line : lines.lines) {
    const auto place = file + ":" + std::to_string(line.number);
    const auto fields = fields_of(line.text);
    if (fields.size() <= fields_before_command) {
      faults.push_back({place, shown_text(line.text, 60), "is no service: it has too few fields"});
      continue;
    }
    Service service{.name = fields[0],
                    .type = fields[1],
                    .command = fields[fields_before_command],
                    .options = {},
                    .place = place,
                    .processes = fields[fields_before_command - 1]};
    read_options(fields, service, faults);
    services.push_back(std::move(service));
  }
  return services;
}

std::vector<Service> usual_services() {
  return {{.name = "smtp", .type = "inet", .command = "smtpd", .options = {}, .place = {}},
          {.name = "cleanup", .type = "unix", .command = "cleanup", .options = {}, .place = {}},
          {.name = "relay", .type = "unix", .command = "smtp", .options = {}, .place = {}},
          {.name = "smtp", .type = "unix", .command = "smtp", .options = {}, .place = {}}};
}

const Service* find_service(const std::vector<Service>& services, std::string_view name) {
  const auto found = std::ranges::find_if(services, [&](const Service& s) { return s.name == name && !s.is_inet(); });
  return found == services.end() ? nullptr : &*found;
}

}  // namespace godwit::setup::postfix

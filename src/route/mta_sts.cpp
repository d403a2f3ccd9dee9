// SPDX-License-Identifier: Apache-2.0
#include "godwit/route/mta_sts.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::route {
namespace {

constexpr std::string_view version = "STSv1";
constexpr std::size_t most_digits = 10;  // of max_age
constexpr std::size_t longest_name = 32;
constexpr std::size_t longest_id = 32;
constexpr std::size_t longest_domain = 253;
constexpr std::size_t longest_label = 63;

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string_view trim_spaces(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// ext-name of RFC 8461 sections 3.1 and 3.2, which the names of the fields proper fit too.
bool is_field_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_name && is_alphanumeric(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_alphanumeric(c) || c == '_' || c == '-' || c == '.'; });
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= longest_label && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; });
}

// Domain of RFC 5321, perhaps below "*."; internationalised names come as A-labels.
bool is_pattern(std::string_view pattern) {
  if (pattern.starts_with("*.")) pattern.remove_prefix(2);
  return pattern.size() <= longest_domain && std::ranges::all_of(base::split(pattern, '.'), is_label);
}

std::unexpected<base::Error> invalid(std::string why) {
  return base::fail(base::ErrorKind::invalid, std::move(why));
}

std::optional<StsPolicy::Mode> mode_of(std::string_view word) {
  for (const auto mode : {StsPolicy::Mode::none, StsPolicy::Mode::testing, StsPolicy::Mode::enforce})
    if (word == to_string(mode)) return mode;
  return {};
}

struct Fields {
  std::map<std::string_view, std::string_view> once;  // the first of each
  std::vector<std::string_view> mx;
};

base::Result<Fields> fields_of(std::string_view text) {
  Fields fields;
  for (auto line : base::split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (trim_spaces(line).empty()) continue;
    const auto colon = line.find(':');
    const auto name = line.substr(0, colon);
    if (colon == std::string_view::npos || !is_field_name(name))
      return invalid(fmt::format("\"{}\" is no field", base::printable(line, 80)));
    const auto value = trim_spaces(line.substr(colon + 1));
    if (name == "mx")
      fields.mx.push_back(value);
    else
      fields.once.emplace(name, value);
  }
  return fields;
}

base::Result<std::chrono::seconds> age_of(std::string_view text) {
  const auto seconds = text.size() <= most_digits ? base::parse_unsigned(text) : std::nullopt;
  if (!seconds || *seconds > static_cast<std::uint64_t>(longest_sts_age.count()))
    return invalid(
        fmt::format("max_age is \"{}\", not 0 to {} seconds", base::printable(text, 80), longest_sts_age.count()));
  return std::chrono::seconds(*seconds);
}

}  // namespace

std::string_view to_string(StsPolicy::Mode mode) {
  switch (mode) {
    case StsPolicy::Mode::testing:
      return "testing";
    case StsPolicy::Mode::enforce:
      return "enforce";
    case StsPolicy::Mode::none:
      break;
  }
  return "none";
}

base::Result<StsPolicy> parse_sts_policy(std::string_view text) {
  if (text.size() > largest_sts_policy) return invalid("the policy is too long");
  auto fields = fields_of(text);
  if (!fields) return std::unexpected(std::move(fields.error()));
  const auto value = [&](std::string_view name) {
    const auto found = fields->once.find(name);
    return found == fields->once.end() ? std::string_view() : found->second;
  };
  if (value("version") != version)
    return invalid(fmt::format("version is \"{}\", not {}", base::printable(value("version"), 80), version));
  const auto mode = mode_of(value("mode"));
  if (!mode)
    return invalid(fmt::format("mode is \"{}\", not enforce, testing or none", base::printable(value("mode"), 80)));
  const auto max_age = age_of(value("max_age"));
  if (!max_age) return std::unexpected(max_age.error());
  StsPolicy policy{.mode = *mode, .max_age = *max_age, .mx = {}};
  for (const auto pattern : fields->mx) {
    if (!is_pattern(pattern)) return invalid(fmt::format("mx is \"{}\", no host name", base::printable(pattern, 80)));
    policy.mx.push_back(base::to_lower(pattern));
  }
  if (policy.mx.size() > most_sts_patterns) return invalid(fmt::format("there are more than {} mx", most_sts_patterns));
  if (policy.mx.empty() && policy.mode != StsPolicy::Mode::none) return invalid("there is no mx");
  return policy;
}

std::string sts_record_id(const std::vector<std::string>& records) {
  const auto is_ours = [](std::string_view record) {
    if (!record.starts_with("v=STSv1")) return false;
    const auto rest = trim_spaces(record.substr(7));
    return rest.empty() || rest.front() == ';';
  };
  if (std::ranges::count_if(records, is_ours) != 1) return {};
  const std::string_view record = *std::ranges::find_if(records, is_ours);
  std::string id;
  auto parts = base::split(record, ';');
  parts.erase(parts.begin());
  if (!parts.empty() && trim_spaces(parts.back()).empty()) parts.pop_back();
  for (const auto part : parts) {
    const auto equals = part.find('=');
    const auto name = trim_spaces(part.substr(0, equals));
    if (equals == std::string_view::npos || !is_field_name(name)) return {};
    if (name != "id" || !id.empty()) continue;
    id = trim_spaces(part.substr(equals + 1));
    if (id.empty() || id.size() > longest_id || !std::ranges::all_of(id, is_alphanumeric)) return {};
  }
  return id;
}

std::vector<std::string> sts_lines(const StsPolicy& policy) {
  std::vector<std::string> lines = {fmt::format("version: {}", version),
                                    fmt::format("mode: {}", to_string(policy.mode))};
  for (const auto& mx : policy.mx) lines.push_back("mx: " + mx);
  lines.push_back(fmt::format("max_age: {}", policy.max_age.count()));
  return lines;
}

bool sts_allows(const StsPolicy& policy, std::string_view mail_host) {
  if (mail_host.ends_with('.')) mail_host.remove_suffix(1);
  return std::ranges::any_of(policy.mx, [&](std::string_view pattern) {
    if (!pattern.starts_with("*.")) return base::iequals(pattern, mail_host);
    const auto dot = mail_host.find('.');
    return dot != std::string_view::npos && dot > 0 && base::iequals(pattern.substr(1), mail_host.substr(dot));
  });
}

}  // namespace godwit::route

// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/header_fixer.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "crlf.hpp"
#include "field_sections.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/address_list.hpp"
#include "header_line.hpp"

namespace godwit::mail {
namespace {

constexpr std::string_view resent = "resent-";

constexpr std::array<std::string_view, 3> dropped = {"bcc", "resent-bcc", "return-path"};
// Without "resent-".
constexpr std::array<std::string_view, 5> with_addresses = {"from", "sender", "reply-to", "to", "cc"};

struct Field {
  std::string name;  // lower case
  std::string_view raw;
  std::string_view head() const { return raw.substr(0, raw.find(':') + 1); }  // with the colon
  std::string_view body() const { return raw.substr(head().size()); }
};

std::vector<Field> split_fields(std::string_view section) {
  std::vector<Field> fields;
  for (const auto raw : split_section(section))
    fields.push_back({.name = base::to_lower(raw.substr(0, field_name_length(raw))), .raw = raw});
  return fields;
}

class Fixing {
 public:
  Fixing(std::string_view section, const HeaderFixes& fixes)
      : fixes_(fixes),
        fields_(split_fields(section)),
        is_resent_(std::ranges::any_of(fields_, [](const Field& field) { return field.name.starts_with(resent); })) {}

  std::string run() const {
    const std::string added = additions();
    std::string result;
    bool is_added = false;
    for (const Field& field : fields_) {
      if (!stays(field)) continue;
      // Resent fields stand together, on top of those that they are about.
      if (field.name.starts_with(resent) && !std::exchange(is_added, true)) result += added;
      if (fixes_.origin.empty() || !has_addresses(field.name)) {
        result += field.raw;
      } else {
        result += field.head();
        result += complete_addresses(field.body(), fixes_.origin);
      }
    }
    if (!is_added) result += added;
    return result;
  }

 private:
  std::string name_of(std::string_view name) const {
    return (is_resent_ ? std::string(resent) : "") + std::string(name);
  }

  const Field* find(const std::string& name) const {
    const auto found = std::ranges::find(fields_, name, &Field::name);
    return found == fields_.end() ? nullptr : &*found;
  }

  static bool has_addresses(std::string_view name) {
    if (name.starts_with(resent)) name.remove_prefix(resent.size());
    return std::ranges::find(with_addresses, name) != with_addresses.end();
  }

  bool is_submitter(smtp::Mailbox address) const {
    if (address.domain.empty()) address.domain = fixes_.origin;
    if (fixes_.is_submitter && fixes_.is_submitter(address)) return true;
    return address.domain == fixes_.submitter->domain && base::iequals(address.local, fixes_.submitter->local);
  }

  bool names_submitter_alone(const Field& field) const {
    const auto list = parse_address_list(field.body());
    return list && list->size() == 1 && is_submitter(list->front().mailbox);
  }

  // A Sender that is somebody else would be a lie.
  bool stays(const Field& field) const {
    if (std::ranges::find(dropped, field.name) != dropped.end()) return false;
    return !fixes_.submitter || field.name != name_of("sender") || names_submitter_alone(field);
  }

  bool needs_sender() const {
    const Field* from = find(name_of("from"));
    if (!fixes_.submitter || from == nullptr || names_submitter_alone(*from)) return false;
    const Field* sender = find(name_of("sender"));
    return sender == nullptr || !stays(*sender);
  }

  std::string additions() const {
    const std::string_view prefix = is_resent_ ? "Resent-" : "";
    std::string added;
    if (fixes_.from && find(name_of("from")) == nullptr)
      added += fmt::format("{}From: {}\r\n", prefix, to_string(*fixes_.from));
    if (needs_sender()) added += fmt::format("{}Sender: {}\r\n", prefix, to_string(*fixes_.submitter));
    if (find(name_of("date")) == nullptr)
      added += fmt::format("{}Date: {}\r\n", prefix, base::format_rfc5322(fixes_.now));
    if (find(name_of("message-id")) == nullptr)
      added += fmt::format("{}Message-ID: <{}@{}>\r\n", prefix, to_string(fixes_.id), fixes_.hostname);
    return added;
  }

  const HeaderFixes& fixes_;
  std::vector<Field> fields_;
  bool is_resent_;
};

}  // namespace

std::string fix_header(std::string_view section, const HeaderFixes& fixes) {
  return Fixing(section, fixes).run();
}

base::Result<> HeaderFixer::put(std::string_view bytes, std::string& out) {
  return pass([&](std::string& body) { return splitter_.put(bytes, body); }, out);
}

void HeaderFixer::finish(std::string& out) {
  std::ignore = pass(
      [&](std::string& body) {
        splitter_.finish(body);
        return base::Result<>();
      },
      out);
}

template <class Split>
base::Result<> HeaderFixer::pass(Split split, std::string& out) {
  if (passed_) return split(out);
  std::string body;
  if (auto fits = split(body); !fits) return fits;
  if (!splitter_.ended()) return {};
  passed_ = true;
  out += fix_header(splitter_.take_header(), fixes_);
  out += crlf;
  out += body;
  return {};
}

}  // namespace godwit::mail

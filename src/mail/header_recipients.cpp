// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/header_recipients.hpp"

#include <algorithm>
#include <initializer_list>
#include <string>

#include "godwit/base/text.hpp"
#include "godwit/mail/address_list.hpp"
#include "godwit/mail/header.hpp"
#include "godwit/mail/header_fixer.hpp"

namespace godwit::mail {
namespace {

// The header of the message, and which of its fields count.
struct AddressFields {
  std::string text;
  std::optional<Header> header;
  std::string prefix;
};

base::Result<> read_fields(std::string_view message, AddressFields& into) {
  // The line end that the message may lack, so that a header alone is whole.
  into.text = std::string(message.substr(0, HeaderFixer::max_header)) + "\r\n";
  into.header.emplace(into.text, HeaderBounds{.bytes = HeaderFixer::max_header + 2, .fields = HeaderFixer::max_header});
  if (!into.header->complete()) return base::fail(base::ErrorKind::invalid, "the header is longer than 1 MiB");
  const bool resent =
      std::ranges::any_of(into.header->fields(), [](const auto& f) { return base::istarts_with(f.name, "resent-"); });
  into.prefix = resent ? "resent-" : "";
  return {};
}

base::Result<std::vector<smtp::Mailbox>> addresses_of(const AddressFields& fields,
                                                      std::initializer_list<std::string_view> names) {
  std::vector<smtp::Mailbox> addresses;
  for (const auto& field : fields.header->fields()) {
    const auto name = base::to_lower(field.name);
    if (std::ranges::none_of(names, [&](auto wanted) { return name == fields.prefix + std::string(wanted); })) continue;
    const auto list = parse_address_list(field.body);
    if (!list) return base::fail(base::ErrorKind::invalid, std::string(field.name) + ": " + list.error().message);
    for (const auto& listed : *list) addresses.push_back(listed.mailbox);
  }
  return addresses;
}

}  // namespace

base::Result<std::vector<smtp::Mailbox>> header_recipients(std::string_view message) {
  AddressFields fields;
  if (const auto read = read_fields(message, fields); !read) return std::unexpected(read.error());
  return addresses_of(fields, {"to", "cc", "bcc"});
}

base::Result<std::optional<smtp::Mailbox>> header_sender(std::string_view message) {
  AddressFields fields;
  if (const auto read = read_fields(message, fields); !read) return std::unexpected(read.error());
  for (const auto name : {"sender", "from"}) {
    const auto found = addresses_of(fields, {name});
    if (!found) return std::unexpected(found.error());
    if (!found->empty()) return found->front();
  }
  return std::nullopt;
}

}  // namespace godwit::mail

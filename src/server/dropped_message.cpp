// SPDX-License-Identifier: Apache-2.0
#include "dropped_message.hpp"

#include <utility>

#include "godwit/mail/dsn.hpp"

namespace godwit::server {

base::Result<DroppedMessage> open_dropped(const disk::DropFolder& folder, const std::string& name) {
  const auto file = folder.open(name);
  if (!file) return std::unexpected(file.error());
  std::string head(mail::MaildropFile::max_head, '\0');
  const auto got = (*file)->read(0, head);
  if (!got) return std::unexpected(got.error());
  auto content = mail::decode_maildrop(std::string_view(head).substr(0, *got));
  if (!content) return std::unexpected(std::move(content.error()));
  if (content->head > (*file)->size()) return base::fail(base::ErrorKind::invalid, "it was cut while it was read");
  return DroppedMessage{*file, *std::move(content)};
}

std::string read_beginning(const DroppedMessage& message) {
  std::string text(mail::max_returned, '\0');
  text.resize(message.file->read(message.content.head, text).value_or(0));
  return text;
}

}  // namespace godwit::server

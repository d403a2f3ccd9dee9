// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/export_file.hpp"

#include <charconv>
#include <map>

#include <fmt/format.h>

#include "godwit/base/checksum.hpp"
#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"

namespace godwit::mail {
namespace {

constexpr std::string_view version = "1";
constexpr std::string_view first_line = "Godwit-Export: ";
constexpr std::string_view last_line = "Checksum: ";

std::unexpected<base::Error> unreadable(std::string_view what) {
  return base::fail(base::ErrorKind::corrupt, std::string(what));
}

bool read_crc(std::string_view text, std::uint32_t& crc) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), crc, 16);
  return text.size() == 8 && error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string encode(const ExportFile& file) {
  std::string out = fmt::format("{}{}\nId: {}\n", first_line, version, base::to_string(file.id));
  // For people; what counts is Envelope.
  out += fmt::format("Sender: <{}>\n", base::printable(smtp::to_string(file.envelope.sender)));
  for (const Recipient& recipient : file.envelope.recipients)
    out += fmt::format("Recipient: <{}> {}\n", base::printable(smtp::to_string(recipient.address)),
                       to_string(recipient.state));
  out += fmt::format("Body-Size: {}\nBody-Checksum: {:08x}\n", file.body_size, file.body_crc);
  out += "Envelope: " + base::base64_encode(encode(file.envelope)) + "\n";
  return out + fmt::format("{}{:08x}\n", last_line, base::crc32c(out));
}

base::Result<ExportFile> decode_export_file(std::string_view text) {
  if (!text.starts_with(first_line)) return unreadable("it is no envelope file of an export");
  const std::string_view found = text.substr(first_line.size(), text.find('\n') - first_line.size());
  if (found != version)
    return base::fail(base::ErrorKind::unsupported,
                      fmt::format("it has format {}, and this version knows {}", base::printable(found, 20), version));
  const std::size_t end = text.rfind(last_line);
  std::uint32_t crc = 0;
  if (end == std::string_view::npos || !text.ends_with('\n') ||
      !read_crc(text.substr(end + last_line.size(), text.size() - end - last_line.size() - 1), crc) ||
      crc != base::crc32c(text.substr(0, end)))
    return unreadable("its checksum does not hold");
  std::map<std::string_view, std::string_view> fields;
  for (const std::string_view line : base::split(text.substr(0, end), '\n')) {
    const std::size_t colon = line.find(": ");
    if (colon != std::string_view::npos) fields[line.substr(0, colon)] = line.substr(colon + 2);
  }
  ExportFile file;
  const auto id = base::parse_message_id(fields["Id"]);
  const auto size = base::parse_unsigned(fields["Body-Size"]);
  const auto bytes = base::base64_decode(fields["Envelope"]);
  if (!id || !size || !bytes || !read_crc(fields["Body-Checksum"], file.body_crc))
    return unreadable("a line is malformed");
  auto envelope = decode_envelope(*bytes);
  if (!envelope) return std::unexpected(std::move(envelope.error()));
  file.id = *id;
  file.envelope = std::move(*envelope);
  file.body_size = *size;
  return file;
}

}  // namespace godwit::mail

// SPDX-License-Identifier: Apache-2.0
// The envelope file of an exported message, as docs/operations.md describes it: lines of text, so that people can read
// it, with the envelope as the spool stores it, and checksums of itself and of the body beside it.  Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "godwit/base/message_id.hpp"
#include "godwit/base/result.hpp"
#include "godwit/mail/envelope.hpp"

namespace godwit::mail {

struct ExportFile {
  base::MessageId id;  // in the spool it came from
  Envelope envelope;
  std::uint64_t body_size = 0;
  std::uint32_t body_crc = 0;  // CRC-32C
};
std::string encode(const ExportFile& file);
// Errors: unsupported (a later version's), corrupt.
base::Result<ExportFile> decode_export_file(std::string_view text);

}  // namespace godwit::mail

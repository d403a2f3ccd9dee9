// SPDX-License-Identifier: Apache-2.0
// One file of the maildrop, opened and understood.  Blocks: on a pool.
#pragma once

#include <memory>
#include <string>

#include "godwit/disk/drop_folder.hpp"
#include "godwit/mail/maildrop_file.hpp"

namespace godwit::server {

struct DroppedMessage {
  std::shared_ptr<const disk::DroppedFile> file;
  mail::DecodedMaildrop content;
};

// Errors: those of DropFolder::open and of mail::decode_maildrop.
base::Result<DroppedMessage> open_dropped(const disk::DropFolder& folder, const std::string& name);

// Of the message, as much as a report returns; what cannot be read is missing.
std::string read_beginning(const DroppedMessage& message);

}  // namespace godwit::server

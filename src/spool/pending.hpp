// SPDX-License-Identifier: Apache-2.0
// What waits for the committer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "format.hpp"
#include "godwit/spool/spool.hpp"
#include "message_table.hpp"

namespace godwit::spool {

using Completion = std::move_only_function<void(Accepted<base::MessageId>)>;

// Compaction writes records about messages as it read them; they are dropped when anything happened to the message
// since.
struct AsRead {
  Place place;
  Place update;
};

struct Pending {
  enum class Origin { caller, compaction };
  Origin origin = Origin::caller;
  RecordType type = RecordType::message;
  std::uint8_t flags = 0;
  base::MessageId id;
  std::uint32_t holder = 0;  // updates and dones: the segment of the message's record
  std::string front;
  std::uint32_t payload_crc = 0;
  std::string summary;
  std::string_view body;                         // inline; kept alive by `message`
  std::shared_ptr<const StoredMessage> message;  // of message records
  mail::Update update;                           // of the others
  bool resolved = false;
  std::optional<AsRead> as_read;  // compaction: copies and folded updates, not dones
  Completion completion;
  boost::asio::any_io_executor executor;  // the caller's
  base::MonoTime since{};                 // of messages: handed over

  std::uint64_t charged = 0;  // of the queue's memory
};

Refused unhealthy();

}  // namespace godwit::spool

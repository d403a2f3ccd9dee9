// SPDX-License-Identifier: Apache-2.0
// Segments of a spool for the fuzz targets that read them: the input is a list of orders, so that most of what is made
// has the checksums that stand before everything else.  Records and groups as a spool may write them, and others, then
// bytes that are changed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fuzz/fuzz.hpp"
#include "godwit/mail/envelope.hpp"
#include "unit/spool/segment_builder.hpp"

namespace godwit::fuzz {

struct Segment {
  std::string bytes;
  std::vector<std::string> records{};  // of the groups that were written, in order
  bool altered = false;                // afterwards, or not in the order of a spool
};

inline std::string message_payload(std::string_view body, unsigned recipients) {
  mail::Envelope envelope{.sender = smtp::Mailbox{"a", "b.example"}};
  for (unsigned i = 0; i < recipients; ++i)
    envelope.recipients.push_back({.address = {"r" + std::to_string(i), "c" + std::to_string(i % 2) + ".example"}});
  const auto encoded = encode(envelope);
  return encode(spool::MessagePrefix{
             .envelope_size = static_cast<std::uint32_t>(encoded.size()), .body_crc = 0, .body_size = body.size()}) +
         encoded + std::string(body);
}

inline std::string settled_payload(unsigned index) {
  return encode(mail::Update{.recipients = {{index, mail::RecipientState::delivered, "250 2.0.0 Ok"}}});
}

// A record by order `kind`, which takes what it needs from the input.
inline std::string take_record(std::string_view& input, unsigned kind) {
  using enum spool::RecordType;
  const auto id = 1 + take_byte(input) % 8;
  const auto number = take_byte(input);
  if (kind == 0)
    return spool::make_record_bytes(id, message_payload(std::string(number, 'x') + "\r\n", 1 + number % 3), message);
  if (kind == 1) return spool::make_record_bytes(id, settled_payload(number % 4), update);
  if (kind == 2) return spool::make_record_bytes(id, number % 2 == 0 ? "" : settled_payload(0), done);
  const auto type = static_cast<spool::RecordType>(1 + number % 4);
  return spool::make_record_bytes(id, take(input, take_byte(input)), type);
}

inline Segment take_segment(std::string_view& input, std::size_t blocks = 16) {
  Segment segment{.bytes = spool::make_segment({}, blocks)};
  std::vector<std::string> waiting;
  std::size_t at = spool::block_size;
  std::uint64_t number = 1;
  while (!input.empty()) {
    const auto order = take_byte(input) % 8;
    if (order < 5) {
      waiting.push_back(take_record(input, order));
    } else if (order == 5) {
      const auto group = spool::make_group(number++, waiting);
      if (at + group.size() > segment.bytes.size() - spool::block_size) break;
      segment.bytes.replace(at, group.size(), group);
      at += group.size();
      segment.records.insert(segment.records.end(), waiting.begin(), waiting.end());
      waiting.clear();
    } else if (order == 6) {
      number += take_byte(input);  // groups that are not there
      segment.altered = true;
    } else {
      const auto place = (take_byte(input) * 256UL + take_byte(input)) % segment.bytes.size();
      const auto bytes = take(input, 1 + take_byte(input) % 8);
      segment.bytes.replace(place, bytes.size(), bytes).resize(blocks * spool::block_size);
      segment.altered = true;
    }
  }
  return segment;
}

}  // namespace godwit::fuzz

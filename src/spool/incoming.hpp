// SPDX-License-Identifier: Apache-2.0
// A message being received: in memory up to inline_limit, then streamed to large/<id>.part (with the id of the message
// that it was written for, where bodies were exchanged).  One coroutine at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "canonical.hpp"
#include "core.hpp"
#include "godwit/disk/disk.hpp"

namespace godwit::spool {

class IncomingMessage final : public Incoming {
 public:
  IncomingMessage(std::shared_ptr<Core> core, std::uint64_t size_hint);
  ~IncomingMessage() override;
  base::MessageId id() const override { return id_; }
  boost::asio::awaitable<Accepted<>> write(std::string_view bytes) override;
  void prepend(std::string lines) { head_ = std::move(lines); }
  disk::Task<std::size_t> read_back(std::uint64_t offset, std::span<char> into);
  void exchange_bodies(IncomingMessage& other);
  boost::asio::awaitable<Accepted<base::MessageId>> commit(mail::Envelope envelope) override;

 private:
  Accepted<> refuse(Refused::Why why, std::string detail);
  Accepted<> refuse(const base::Error& error);
  boost::asio::awaitable<Accepted<>> spill();
  boost::asio::awaitable<Accepted<>> spill_here();
  boost::asio::awaitable<Accepted<>> publish_here();
  disk::Task<std::size_t> read_file_here(std::uint64_t offset, std::span<char> into);
  Pending make_record(mail::Envelope envelope);

  const std::shared_ptr<Core> core_;
  const base::MessageId id_;
  base::MessageId part_;  // names the file that is written to
  Charge charge_;
  CanonicalCheck canonical_;
  std::optional<Refused> refused_;  // once refused, for ever
  std::string head_;                // above the rest; with a large body it goes into the record
  std::string buffer_;              // not yet in the file
  std::uint64_t size_ = 0;
  std::unique_ptr<disk::File> file_;
  bool large_ = false;
  std::uint64_t in_file_ = 0;
  std::uint32_t file_crc_ = 0;
  bool record_may_exist_ = false;
};

}  // namespace godwit::spool

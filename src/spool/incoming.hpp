// SPDX-License-Identifier: Apache-2.0
// A message being received: in memory up to inline_limit, then streamed to large/<id>.part.  One coroutine at a time.
#pragma once

#include <memory>
#include <string>

#include "canonical.hpp"
#include "core.hpp"

namespace godwit::spool {

class IncomingMessage final : public Incoming {
 public:
  IncomingMessage(std::shared_ptr<Core> core, std::uint64_t size_hint);
  ~IncomingMessage() override;
  base::MessageId id() const override { return id_; }
  boost::asio::awaitable<Accepted<>> write(std::string_view bytes) override;
  void prepend(std::string lines) { head_ = std::move(lines); }
  boost::asio::awaitable<Accepted<base::MessageId>> commit(mail::Envelope envelope) override;

 private:
  Accepted<> refuse(Refused::Why why, std::string detail);
  Accepted<> refuse(const base::Error& error);
  boost::asio::awaitable<Accepted<>> spill();
  boost::asio::awaitable<Accepted<>> spill_here();
  boost::asio::awaitable<Accepted<>> publish_here();
  Pending make_record(mail::Envelope envelope);

  const std::shared_ptr<Core> core_;
  const base::MessageId id_;
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

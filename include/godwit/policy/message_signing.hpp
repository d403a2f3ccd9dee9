// SPDX-License-Identifier: Apache-2.0
// DKIM signatures on what our users send (RFC 6376 section 5).  A user gets a signature of the domain in From only
// where the sender that was checked at MAIL is of that domain, so that nobody signs for a neighbour.
#pragma once

#include <memory>
#include <string>

#include "godwit/base/clock.hpp"
#include "godwit/mailauth/signers.hpp"
#include "godwit/policy/message_inspection.hpp"
#include "godwit/smtp/address.hpp"

namespace godwit::policy {

// To who hands in what is to be signed while the keys cannot be used.
smtp::Reply cannot_sign();

class MessageSigning final : public MessageInspection {
 public:
  // account: empty for clients of trusted networks, who may sign for any domain (`bound` is false).
  struct Author {
    std::string account;
    smtp::ReversePath sender;
    bool bound = true;
  };
  MessageSigning(std::shared_ptr<const mailauth::Signers> signers, const base::Clock& clock, Author author);

  bool wants_stored_form() const override { return true; }
  boost::asio::awaitable<std::optional<smtp::Reply>> check_sender() override;
  void begin_message() override;
  void put(std::string_view bytes, std::string& out) override;
  void finish(std::string& out) override;
  boost::asio::awaitable<Findings> judge(std::span<const mail::Recipient> recipients) override;

 private:
  bool may_sign() const;

  std::shared_ptr<const mailauth::Signers> signers_;
  const base::Clock& clock_;
  const Author author_;
  std::unique_ptr<mailauth::MessageDigest> digest_;
};

}  // namespace godwit::policy

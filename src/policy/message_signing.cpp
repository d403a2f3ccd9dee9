// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/message_signing.hpp"

#include <utility>
#include <vector>

#include "godwit/mailauth/dmarc.hpp"

namespace godwit::policy {

MessageSigning::MessageSigning(std::shared_ptr<const mailauth::Signers> signers, const base::Clock& clock,
                               Author author)
    : signers_(std::move(signers)), clock_(clock), author_(std::move(author)) {}

boost::asio::awaitable<std::optional<smtp::Reply>> MessageSigning::check_sender() {
  co_return std::nullopt;
}

void MessageSigning::begin_message() {
  digest_ = std::make_unique<mailauth::MessageDigest>(
      [](const auto&) { return std::vector<mailauth::BodyHashing>{{.form = mailauth::Canonical::relaxed}}; });
}

void MessageSigning::put(std::string_view bytes, std::string& out) {
  digest_->put(bytes);
  out += bytes;
}

void MessageSigning::finish(std::string& /*out*/) {
  digest_->finish();
}

smtp::Reply cannot_sign() {
  return smtp::make_reply(451, {4, 3, 0}, "Cannot sign the message now; try again later");
}

bool MessageSigning::may_sign() const {
  if (!author_.bound) return true;
  const auto domains = mailauth::author_domains(digest_->header());
  return domains && domains->size() == 1 && author_.sender && author_.sender->domain == domains->front();
}

boost::asio::awaitable<Findings> MessageSigning::judge(std::span<const mail::Recipient> /*recipients*/) {
  Findings findings;
  if (may_sign()) {
    auto signatures = mailauth::sign_for_author(*digest_, *signers_, author_.account, clock_.wall());
    findings.header = std::move(signatures.header);
    if (!signatures.summary.empty()) findings.summary = "signed " + signatures.summary;
    // Its recipients might refuse it for good as it is.
    if (signatures.lacks_key) findings.refusal = cannot_sign();
  }
  co_return findings;
}

}  // namespace godwit::policy

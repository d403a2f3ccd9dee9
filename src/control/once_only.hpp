// SPDX-License-Identifier: Apache-2.0
// A request with an Idempotency-Key while it is carried out: its fingerprint, which its body is read for, and what is
// kept of the key.  One reactor.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/evp.h>

#include "godwit/control/backend.hpp"
#include "godwit/state/submission_keys.hpp"

namespace godwit::control {

// Digests all pieces that pass.
class DigestedBody {
 public:
  DigestedBody(spool::Pieces pieces, std::string_view first);
  Task<std::string_view> next();
  // Reads what nobody has read yet.  Errors: those of the pieces.
  Task<> finish();
  std::string fingerprint();  // of all that has passed; once

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  spool::Pieces pieces_;
  std::unique_ptr<EVP_MD_CTX, Free> digest_;
  bool ended_ = false;
};

class OnceOnly {
 public:
  using Kept = state::SubmissionKeys::Kept;

  // `keys` outlives it.
  OnceOnly(state::SubmissionKeys& keys, state::SubmissionKeys::Turn turn, std::optional<Kept> kept,
           std::shared_ptr<DigestedBody> body)
      : keys_(keys), turn_(std::move(turn)), kept_(std::move(kept)), body_(std::move(body)) {}

  const state::SubmissionKeys::Key& key() const { return turn_.key(); }
  const std::optional<Kept>& kept() const { return kept_; }
  DigestedBody& body() { return *body_; }
  // Whether what came is what the key was first used for.  Requires: the body has been read to its end.
  bool is_the_same();
  // Before the message is committed.  Errors: refused (the key was used for something else), exhausted and io (it
  // cannot be kept).
  Task<> plan(base::MessageId id, std::vector<smtp::Mailbox> accepted);

  bool planned() const { return planned_; }
  const std::optional<base::Error>& failure() const { return failure_; }  // of plan()

 private:
  state::SubmissionKeys& keys_;
  state::SubmissionKeys::Turn turn_;
  std::optional<Kept> kept_;
  std::shared_ptr<DigestedBody> body_;
  std::string fingerprint_;
  bool planned_ = false;
  std::optional<base::Error> failure_;
};

// 1 to 255 visible US-ASCII characters; quotes around them, as the standard-to-be writes it, are taken off.
std::optional<std::string> read_idempotency_key(std::string_view text);

}  // namespace godwit::control

// SPDX-License-Identifier: Apache-2.0
// What one milter wants changed of a message, done on a copy first: all of it or nothing.  Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/result.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/editable_header.hpp"
#include "godwit/policy/filtered_message.hpp"
#include "milter_change.hpp"

namespace godwit::policy {

class MilterEditing {
 public:
  explicit MilterEditing(mail::EditableHeader header) : header_(std::move(header)) {}

  // Errors: invalid (it makes no sense).
  base::Result<> apply(const MilterChange& change);
  void note_body();
  // For the log: "header,quarantine".
  std::string summary() const { return base::join(done_, ","); }
  bool holds() const { return !hold_.empty(); }
  // Hands over what came of it.
  void finish(std::string_view milter, mail::EditableHeader& header, FilterOutcome& outcome);

 private:
  base::Result<> on(const change::AddHeader& change);
  base::Result<> on(const change::InsertHeader& change);
  base::Result<> on(const change::ChangeHeader& change);
  base::Result<> on(const change::ChangeSender& change);
  base::Result<> on(const change::AddRecipient& change);
  base::Result<> on(const change::DeleteRecipient& change);
  base::Result<> on(const change::Quarantine& change);
  void note(std::string_view what);
  void note_new_field(std::string_view name);

  mail::EditableHeader header_;
  std::vector<EnvelopeChange> envelope_;
  std::string hold_;
  std::vector<std::string> done_;  // words for the log
  bool breaks_signatures_ = false;
};

}  // namespace godwit::policy

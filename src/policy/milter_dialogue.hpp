// SPDX-License-Identifier: Apache-2.0
// Our side of what is said to one milter, as a machine without I/O: each call gives the bytes to send, and whether an
// answer comes; hear() takes what the milter answered and says what it means.  It knows what the two agreed on, leaves
// out what the milter does not want to know, and takes no answer that has no place.  One connection to a milter, which
// may serve several SMTP sessions one after the other.  Driver: milter_link.
//
// Order: negotiate; connect; helo (again after each new one); then for each message mail, rcpt ..., data, header ...,
// end_of_header, body ..., end_of_message; abort() ends a message that was begun and comes to nothing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "godwit/base/ip_address.hpp"
#include "godwit/base/result.hpp"
#include "godwit/smtp/reply.hpp"
#include "milter_protocol.hpp"
#include "milter_reply.hpp"

namespace godwit::policy {

// What is known, by the names of the macros: "i", "{mail_addr}".
using MilterMacros = std::map<std::string, std::string, std::less<>>;

// What came of one question.
struct MilterVerdict {
  enum class Kind { go_on, refuse, discard } kind = Kind::go_on;
  std::optional<smtp::Reply> reply = {};  // of refuse
};

struct MilterStep {
  std::string bytes = {};  // empty: nothing is asked
  bool answered = false;
};

class MilterDialogue {
 public:
  using Step = MilterStep;
  // Longest data of body(); more is asked for in several.
  static constexpr std::size_t longest_body = longest_milter_data;

  static Step negotiate();
  Step connect(std::string_view host_name, const std::optional<base::Endpoint>& client, const MilterMacros& macros);
  Step helo(std::string_view name, const MilterMacros& macros);
  // arguments: the address in brackets, then each parameter.
  Step mail(const std::vector<std::string>& arguments, const MilterMacros& macros);
  Step rcpt(const std::vector<std::string>& arguments, const MilterMacros& macros);
  bool wants_rejected_rcpt() const { return wants(0) && (steps_ & milter_step::rejected_rcpt) != 0; }
  Step data(const MilterMacros& macros);
  // body: as it stands behind the colon, folded with CRLF.
  Step header(std::string_view name, std::string_view body);
  Step end_of_header(const MilterMacros& macros);
  Step body(std::string_view bytes);
  bool wants_body() const { return wants(milter_step::no_body) && !body_skipped_; }
  Step end_of_message(const MilterMacros& macros);
  Step unknown(std::string_view line);
  Step abort();
  static Step quit();
  // The session ended, and another begins on this connection.
  Step next_connection();
  // libmilter takes that only behind a message to which it answered that we may go on: behind any other answer it waits
  // for the next MAIL, and is deaf to the next client.
  bool can_serve_another() const {
    return version_ == milter_version && state_ == State::message_ended && ended_plainly_;
  }
  // It has something to say to the message under way.
  bool is_interested() const { return wants(0); }

  // An answer that ends nothing: be patient; or a piece of the new body.
  struct Patience {};
  using Heard = std::variant<Patience, MilterBody, MilterVerdict>;
  // Errors: invalid (what it says has no place); then nothing can be said to it any more.
  base::Result<Heard> hear(char code, std::string_view data);

  // What the message under way shall become; taken when end_of_message was answered.
  std::vector<MilterChange> take_changes() { return std::move(changes_); }

 private:
  enum class State { connected, in_message, message_ended };

  bool wants(std::uint32_t unwanted) const {
    return !done_ && !(message_done_ && state_ == State::in_message) && (steps_ & unwanted) == 0;
  }
  Step ask(MilterCommand command, std::string_view data, std::uint32_t mute);
  std::string macros_for(MilterCommand command, MacroStage stage, const MilterMacros& macros) const;
  base::Result<Heard> heard(MilterWord word);
  base::Result<Heard> heard(const smtp::Reply& reply);
  base::Result<Heard> heard(MilterOptions options);
  base::Result<Heard> heard(MilterChange change);
  base::Result<Heard> heard(MilterBody body);
  bool may(const MilterChange& change) const;
  Heard settle(MilterVerdict verdict);
  void accept();

  std::uint32_t version_ = 0;
  std::uint32_t actions_ = 0;
  std::uint32_t steps_ = 0;
  std::map<MacroStage, std::vector<std::string>> chosen_;
  State state_ = State::connected;
  std::optional<MilterCommand> asked_ = MilterCommand::negotiate;  // what waits for its answer
  bool done_ = false;                                              // it accepted all of this SMTP session
  bool message_done_ = false;  // it accepted, refused or discarded the message under way
  bool body_skipped_ = false;
  bool ended_plainly_ = false;  // the last message
  std::vector<MilterChange> changes_;
  std::size_t changed_bytes_ = 0;
};

}  // namespace godwit::policy

// SPDX-License-Identifier: Apache-2.0
#include "milter_dialogue.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "milter_values.hpp"

namespace godwit::policy {
namespace {

constexpr std::size_t most_changes = 10000;                        // of one message
constexpr std::size_t most_changed_bytes = std::size_t{1} << 20U;  // likewise, without the body

constexpr std::size_t longest_name = 998;  // of a field; what is longer is no name but an attack

// What is sent to a milter that chose nothing: as sendmail's configuration and Postfix do.
const std::vector<std::string>& usual_macros(MacroStage stage) {
  static const std::array<std::vector<std::string>, macro_stages> usual = {{
      {"j", "v", "_", "{daemon_name}", "{daemon_addr}", "{daemon_port}", "{client_addr}", "{client_name}",
       "{client_port}"},
      {"{tls_version}", "{cipher}", "{cert_subject}"},
      {"i", "{auth_type}", "{auth_authen}", "{mail_addr}", "{mail_host}", "{mail_mailer}"},
      {"i", "{rcpt_addr}", "{rcpt_host}", "{rcpt_mailer}"},
      {"i"},
      {"i"},
      {"i"},
  }};
  return usual[static_cast<std::size_t>(stage)];
}

std::string texts(const std::vector<std::string>& parts) {
  std::string data;
  for (const auto& part : parts) {
    data += part;
    data += '\0';
  }
  return data;
}

std::size_t size_of(const MilterChange& change) {
  constexpr std::size_t overhead = 64;
  return overhead + std::visit(
                        [](const auto& one) -> std::size_t {
                          if constexpr (requires { one.value; }) return one.name.size() + one.value.size();
                          if constexpr (requires { one.parameters; }) return one.address.size() + one.parameters.size();
                          if constexpr (requires { one.reason; }) return one.reason.size();
                          return 0;
                        },
                        change);
}

std::unexpected<base::Error> out_of_place(std::string_view what) {
  return base::fail(base::ErrorKind::invalid, fmt::format("{} has no place here", what));
}

}  // namespace

std::string MilterDialogue::macros_for(MilterCommand command, MacroStage stage, const MilterMacros& macros) const {
  const auto chosen = chosen_.find(stage);
  std::string data(1, static_cast<char>(command));
  for (const auto& name : chosen == chosen_.end() ? usual_macros(stage) : chosen->second) {
    auto found = macros.find(name);
    if (found == macros.end() && !name.starts_with('{')) found = macros.find("{" + name + "}");  // many forget them
    if (found == macros.end() || found->second.empty()) continue;
    if (data.size() + name.size() + found->second.size() + 2 > longest_milter_data) break;
    data += name + '\0' + found->second + '\0';
  }
  return milter_packet(MilterCommand::macros, data);
}

MilterDialogue::Step MilterDialogue::ask(MilterCommand command, std::string_view data, std::uint32_t mute) {
  const bool answered = (steps_ & mute) == 0;
  if (answered) asked_ = command;
  return {.bytes = milter_packet(command, data), .answered = answered};
}

MilterDialogue::Step MilterDialogue::negotiate() {
  std::string data;
  put_milter_number(data, milter_version);
  put_milter_number(data, milter_action::all);
  put_milter_number(data, milter_step::all);
  return {.bytes = milter_packet(MilterCommand::negotiate, data), .answered = true};
}

MilterDialogue::Step MilterDialogue::connect(std::string_view host_name, const std::optional<base::Endpoint>& client,
                                             const MilterMacros& macros) {
  if (!wants(0)) return {};
  auto macro_bytes = macros_for(MilterCommand::connect, MacroStage::connect, macros);
  if (!wants(milter_step::no_connect)) return {.bytes = std::move(macro_bytes)};
  auto step = ask(MilterCommand::connect, milter_client(host_name, client), milter_step::mute_connect);
  step.bytes.insert(0, macro_bytes);
  return step;
}

MilterDialogue::Step MilterDialogue::helo(std::string_view name, const MilterMacros& macros) {
  if (!wants(0)) return {};
  auto macro_bytes = macros_for(MilterCommand::helo, MacroStage::helo, macros);
  if (!wants(milter_step::no_helo)) return {.bytes = std::move(macro_bytes)};
  auto step = ask(MilterCommand::helo, texts({std::string(name)}), milter_step::mute_helo);
  step.bytes.insert(0, macro_bytes);
  return step;
}

MilterDialogue::Step MilterDialogue::mail(const std::vector<std::string>& arguments, const MilterMacros& macros) {
  message_done_ = body_skipped_ = ended_plainly_ = false;
  changes_.clear();
  changed_bytes_ = 0;
  if (!wants(0)) return {};
  state_ = State::in_message;
  auto macro_bytes = macros_for(MilterCommand::mail, MacroStage::mail, macros);
  if (!wants(milter_step::no_mail)) return {.bytes = std::move(macro_bytes)};
  auto step = ask(MilterCommand::mail, texts(arguments), milter_step::mute_mail);
  step.bytes.insert(0, macro_bytes);
  return step;
}

MilterDialogue::Step MilterDialogue::rcpt(const std::vector<std::string>& arguments, const MilterMacros& macros) {
  if (!wants(0)) return {};
  auto macro_bytes = macros_for(MilterCommand::rcpt, MacroStage::rcpt, macros);
  if (!wants(milter_step::no_rcpt)) return {.bytes = std::move(macro_bytes)};
  auto step = ask(MilterCommand::rcpt, texts(arguments), milter_step::mute_rcpt);
  step.bytes.insert(0, macro_bytes);
  return step;
}

MilterDialogue::Step MilterDialogue::data(const MilterMacros& macros) {
  if (!wants(0)) return {};
  auto macro_bytes = macros_for(MilterCommand::data, MacroStage::data, macros);
  if (!wants(milter_step::no_data) || version_ < milter_version_with_data) return {.bytes = std::move(macro_bytes)};
  auto step = ask(MilterCommand::data, {}, milter_step::mute_data);
  step.bytes.insert(0, macro_bytes);
  return step;
}

MilterDialogue::Step MilterDialogue::header(std::string_view name, std::string_view body) {
  if (!wants(milter_step::no_header) || name.size() > longest_name) return {};
  return ask(MilterCommand::header, milter_field(name, body, (steps_ & milter_step::leading_space) != 0),
             milter_step::mute_header);
}

MilterDialogue::Step MilterDialogue::end_of_header(const MilterMacros& macros) {
  if (!wants(0)) return {};
  auto macro_bytes = macros_for(MilterCommand::end_of_header, MacroStage::end_of_header, macros);
  if (!wants(milter_step::no_end_of_header)) return {.bytes = std::move(macro_bytes)};
  auto step = ask(MilterCommand::end_of_header, {}, milter_step::mute_end_of_header);
  step.bytes.insert(0, macro_bytes);
  return step;
}

MilterDialogue::Step MilterDialogue::body(std::string_view bytes) {
  if (!wants_body()) return {};
  return ask(MilterCommand::body, bytes, milter_step::mute_body);
}

MilterDialogue::Step MilterDialogue::end_of_message(const MilterMacros& macros) {
  if (!wants(0)) return {};
  auto step = ask(MilterCommand::end_of_message, {}, 0);
  step.bytes.insert(0, macros_for(MilterCommand::end_of_message, MacroStage::end_of_message, macros));
  return step;
}

MilterDialogue::Step MilterDialogue::unknown(std::string_view line) {
  if (!wants(milter_step::no_unknown) || version_ < milter_version_with_unknown) return {};
  return ask(MilterCommand::unknown, texts({std::string(line)}), milter_step::mute_unknown);
}

MilterDialogue::Step MilterDialogue::abort() {
  const bool under_way = state_ == State::in_message;
  message_done_ = false;
  if (!under_way) return {};
  state_ = State::connected;
  return {.bytes = milter_packet(MilterCommand::abort)};
}

MilterDialogue::Step MilterDialogue::quit() {
  return {.bytes = milter_packet(MilterCommand::quit)};
}

MilterDialogue::Step MilterDialogue::next_connection() {
  state_ = State::connected;
  done_ = message_done_ = body_skipped_ = false;
  return {.bytes = milter_packet(MilterCommand::next_connection)};
}

// ---- what it answers
// -------------------------------------------------------------------------------------------------

base::Result<MilterDialogue::Heard> MilterDialogue::hear(char code, std::string_view data) {
  if (!asked_) return out_of_place("an answer to nothing");
  auto reply = parse_milter_reply(code, data);
  if (!reply) return std::unexpected(std::move(reply.error()));
  const bool negotiates = asked_ == MilterCommand::negotiate;
  if (negotiates != std::holds_alternative<MilterOptions>(*reply)) return out_of_place("this answer");
  return std::visit([this](auto& said) { return heard(std::move(said)); }, *reply);
}

base::Result<MilterDialogue::Heard> MilterDialogue::heard(MilterOptions options) {
  if (options.version < oldest_milter_version || options.version > milter_version)
    return base::fail(base::ErrorKind::unsupported,
                      fmt::format("it speaks version {} of the protocol", options.version));
  if ((options.actions & ~milter_action::all) != 0)
    return base::fail(base::ErrorKind::unsupported,
                      fmt::format("it wants to do what is not offered ({:#x})", options.actions));
  version_ = options.version;
  actions_ = options.actions;
  steps_ = options.steps & milter_step::all;
  chosen_ = std::move(options.macros);
  return settle({});
}

base::Result<MilterDialogue::Heard> MilterDialogue::heard(MilterWord word) {
  using Kind = MilterVerdict::Kind;
  switch (word) {
    case MilterWord::go_on:
      ended_plainly_ = asked_ == MilterCommand::end_of_message;
      return settle({});
    case MilterWord::accept:
      accept();
      return settle({});
    case MilterWord::discard:
      if (state_ != State::in_message) return out_of_place("discard");
      return settle({.kind = Kind::discard});
    case MilterWord::reject:
      return settle({.kind = Kind::refuse, .reply = smtp::make_reply(550, {5, 7, 1}, "Rejected")});
    case MilterWord::defer:
      return settle(
          {.kind = Kind::refuse, .reply = smtp::make_reply(451, {4, 7, 1}, "Service unavailable, try again later")});
    case MilterWord::shut_down:
      return settle({.kind = Kind::refuse,
                     .reply = smtp::make_reply(421, {4, 7, 0}, "Service unavailable, closing the connection")});
    case MilterWord::skip:
      if (asked_ != MilterCommand::body || (steps_ & milter_step::skips) == 0) return out_of_place("skip");
      body_skipped_ = true;
      return settle({});
    case MilterWord::progress:
      return Heard(Patience{});
    case MilterWord::no_connection:
      break;
  }
  return base::fail(base::ErrorKind::refused, "it says that it cannot work");
}

base::Result<MilterDialogue::Heard> MilterDialogue::heard(const smtp::Reply& reply) {
  return settle({.kind = MilterVerdict::Kind::refuse, .reply = reply});
}

void MilterDialogue::accept() {
  if (asked_ != MilterCommand::end_of_message) (state_ == State::in_message ? message_done_ : done_) = true;
}

MilterDialogue::Heard MilterDialogue::settle(MilterVerdict verdict) {
  const auto asked = *std::exchange(asked_, {});
  // Of one recipient, or command, only; and discarding is for the message.
  const bool of_one = asked == MilterCommand::rcpt || asked == MilterCommand::unknown;
  const bool of_message = !of_one || verdict.kind == MilterVerdict::Kind::discard;
  if (verdict.kind != MilterVerdict::Kind::go_on && of_message) {
    (state_ == State::in_message ? message_done_ : done_) = true;
    changes_.clear();
  }
  if (asked == MilterCommand::end_of_message) state_ = State::message_ended;
  return verdict;
}

bool MilterDialogue::may(const MilterChange& change) const {
  static constexpr std::array needed = {milter_action::add_header,    milter_action::add_header,
                                        milter_action::change_header, milter_action::change_sender,
                                        milter_action::add_recipient, milter_action::delete_recipient,
                                        milter_action::quarantine};
  auto wanted = needed[change.index()];
  const auto* added = std::get_if<change::AddRecipient>(&change);
  if (added != nullptr && !added->parameters.empty()) wanted = milter_action::add_recipient_with_parameters;
  if (added != nullptr) wanted |= milter_action::add_recipient_with_parameters;
  return (actions_ & wanted) != 0;
}

base::Result<MilterDialogue::Heard> MilterDialogue::heard(MilterChange change) {
  if (asked_ != MilterCommand::end_of_message || !may(change)) return out_of_place("this change");
  changed_bytes_ += size_of(change);
  if (changes_.size() == most_changes || changed_bytes_ > most_changed_bytes)
    return base::fail(base::ErrorKind::exhausted, "it changes too much of one message");
  if ((steps_ & milter_step::leading_space) == 0) add_leading_space(change);
  changes_.push_back(std::move(change));
  return Heard(Patience{});
}

base::Result<MilterDialogue::Heard> MilterDialogue::heard(MilterBody body) {
  if (asked_ != MilterCommand::end_of_message || (actions_ & milter_action::change_body) == 0)
    return out_of_place("a new body");
  return Heard(std::move(body));
}

}  // namespace godwit::policy

// SPDX-License-Identifier: Apache-2.0
// Drives a ServerSession as server/ does, without I/O: performs actions, answers what is asked, remembers what was said
// and kept, and holds the session to its contract (server_session.hpp); what breaks it is listed in violations().  For
// dialogues and fuzz targets; not thread-safe.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "godwit/base/text.hpp"
#include "godwit/smtp/server_session.hpp"

namespace godwit::test {

enum class Ask { none, tls, auth, sender, recipient, answer, begin, body, commit };

class SessionDriver {
 public:
  explicit SessionDriver(const smtp::SessionSettings& settings)
      : settings_(std::make_unique<const smtp::SessionSettings>(settings)), session_(*settings_) {}

  // The next question of this kind is answered so, instead of with consent.
  void prepare(Ask ask, smtp::ServerEvent answer) { prepared_[ask].push_back(std::move(answer)); }

  void feed(const smtp::ServerEvent& event);
  // The answer to the open question.  Requires: asking().
  smtp::ServerEvent answer();
  // A refusal of the open question instead of the prepared answer.
  smtp::ServerEvent refusal() const;

  bool asking() const { return ask_ != Ask::none; }
  Ask ask() const { return ask_; }
  bool reading() const { return reading_; }
  const std::optional<smtp::action::Close::Reason>& closed() const { return closed_; }
  const std::string& replies() const { return replies_; }
  const std::vector<std::string>& committed() const { return committed_; }
  const std::vector<std::string>& trace() const {
    return trace_;
  }  // one word, and arguments, for each action but Send and Read
  const std::vector<std::string>& violations() const { return violations_; }
  std::size_t read_limit() const { return read_limit_; }
  const smtp::ServerSession& session() const { return session_; }

 private:
  enum class Message { none, begun, open, refused, committing };

  void require(bool good, const char* rule) {
    if (!good) violations_.emplace_back(rule);
  }
  void open(Ask ask, std::string trace) {
    ask_ = ask;
    trace_.push_back(std::move(trace));
  }
  bool greets(std::string_view text) const;
  static bool has_enhanced_code(std::string_view line);
  void perform(const smtp::action::Send& send);
  void perform(const smtp::action::Read& read);
  void perform(const smtp::action::StartTls& start) {
    ready_ = start.ready;
    open(Ask::tls, "tls");
  }
  void perform(const smtp::action::Authenticate& login);
  void perform(const smtp::action::Exchange& exchange);
  void perform(const smtp::action::CheckSender& check) {
    open(Ask::sender, "sender <" + to_string(check.sender) + ">");
  }
  void perform(const smtp::action::CheckRecipient& check) {
    const auto& [notify, orcpt] = check.parameters;
    open(Ask::recipient, "recipient <" + to_string(check.recipient) + ">" +
                             (notify != 0 ? " notify " + smtp::notify_text(notify) : "") +
                             (orcpt.empty() ? "" : " orcpt " + orcpt));
  }
  void perform(const smtp::action::LookUp& asked) {
    const bool expands = asked.kind == smtp::action::LookUp::Kind::expand;
    open(Ask::answer, (expands ? "expand <" : "verify <") + to_string(asked.mailbox) + ">");
  }
  void perform(const smtp::action::StartQueue& asked) { open(Ask::answer, "start " + asked.domain); }
  void perform(const smtp::action::TellUnknown& told) { open(Ask::answer, "unknown " + told.line); }
  void perform(const smtp::action::SpeakFor& claim) {
    const auto& client = claim.client;
    open(Ask::answer, "speak for " + (client.address ? base::to_string(*client.address) : "nobody") +
                          (client.name ? " name " + *client.name : "") + (client.anonymous ? " anonymous" : ""));
  }
  void perform(const smtp::action::BeginMessage&);
  void perform(const smtp::action::Body& body);
  void perform(const smtp::action::Commit&);
  void check_lines();
  void perform(const smtp::action::Discard&);
  void perform(const smtp::action::Reset&) { trace_.emplace_back("reset"); }
  void perform(const smtp::action::Close& close);
  void note(const smtp::ServerEvent& event);
  void check_batch(const std::vector<smtp::ServerAction>& actions);

  std::unique_ptr<const smtp::SessionSettings> settings_;  // in one place when the driver moves
  smtp::ServerSession session_;
  std::map<Ask, std::deque<smtp::ServerEvent>> prepared_;
  Ask ask_ = Ask::none;
  bool reading_ = false;
  bool unflushed_ = false;
  std::size_t read_limit_ = 0;
  std::optional<smtp::action::Close::Reason> closed_;
  Message message_ = Message::none;
  std::string body_;
  std::string user_;
  bool exchanging_ = false;
  std::string ready_;  // for TLS
  std::string replies_;
  std::vector<std::string> committed_;
  std::vector<std::string> trace_;
  std::vector<std::string> violations_;
};

// ---- what it looks at -----------------------------------------------------------------------------------------------

// The banner, or the answer to HELO or EHLO.
inline bool SessionDriver::greets(std::string_view text) const {
  const std::string& name = settings_->hostname;
  return base::trim(text) == name || text.starts_with(name + " ESMTP ") || text.starts_with("Syntax: HELO or EHLO");
}

inline bool SessionDriver::has_enhanced_code(std::string_view line) {
  const auto code = line.substr(4, line.find(' ', 4) - 4);
  const auto parts = base::split(code, '.');
  return parts.size() == 3 && parts[0] == line.substr(0, 1) && base::parse_unsigned(parts[1]) &&
         base::parse_unsigned(parts[2]);
}

// ---- what the session does ------------------------------------------------------------------------------------------

inline void SessionDriver::perform(const smtp::action::Send& send) {
  replies_ += send.bytes;
  unflushed_ = !send.flush;
  require(send.bytes.ends_with("\r\n"), "a reply ends in CR LF");
  bool is_first = true, is_exempt = false;  // of this reply; RFC 2034 section 4
  for (const auto line : base::split(std::string_view(send.bytes).substr(0, send.bytes.size() - 2), '\n')) {
    const bool code = line.size() >= 4 && line[0] >= '2' && line[0] <= '5' && (line[3] == ' ' || line[3] == '-');
    require(code, "a reply line begins with a code");
    if (!code) continue;
    require(line.size() <= 512, "a reply line has at most 512 octets");
    if (is_first) is_exempt = line[0] == '3' || greets(line.substr(4));
    require(is_exempt || has_enhanced_code(line), "a reply line has an enhanced code of its class");
    is_first = line[3] == ' ';
  }
}

inline void SessionDriver::perform(const smtp::action::Read& read) {
  reading_ = true;
  read_limit_ = read.limit;
  unflushed_ = false;  // the driver writes before it waits for input
  require(read.limit > 0 && read.limit <= std::size_t{64} * 1024, "a read is bounded");
  require(read.deadline > base::Duration::zero(), "a read has a deadline");
}

inline void SessionDriver::perform(const smtp::action::Authenticate& login) {
  user_ = login.user;
  require(!login.user.empty() && !login.password.empty(), "no empty user or password is asked about");
  require(session_.tls().has_value(), "no password is taken in the clear");
  open(Ask::auth, "auth " + login.mechanism + " " + login.user + " " + login.password);
}

inline void SessionDriver::perform(const smtp::action::Exchange& exchange) {
  if (user_.empty()) user_ = "alice";
  require(session_.tls().has_value(), "no login is begun in the clear");
  require(!exchange.mechanism.empty() || exchanging_, "an exchange that goes on was begun");
  exchanging_ = true;
  open(Ask::auth, "exchange " + exchange.mechanism + " " + base::printable(exchange.response));
}

inline void SessionDriver::perform(const smtp::action::BeginMessage&) {
  require(message_ == Message::none, "one message at a time");
  message_ = Message::begun;
  body_.clear();
  open(Ask::begin, "begin");
}

inline void SessionDriver::perform(const smtp::action::Body& body) {
  require(message_ == Message::open, "a body is given only of an open message");
  require(!body.bytes.empty(), "no body is empty");
  body_ += body.bytes;
  open(Ask::body, "body");
}

inline void SessionDriver::check_lines() {
  for (std::size_t i = 0; i < body_.size(); ++i) {
    if (body_[i] == '\n') require(i > 0 && body_[i - 1] == '\r', "no bare LF is committed");
    if (body_[i] == '\r') require(i + 1 < body_.size() && body_[i + 1] == '\n', "no bare CR is committed");
    require(body_[i] != '\0', "no NUL is committed");
  }
  require(body_.empty() || body_.ends_with("\r\n"), "a committed message ends in CR LF");
}

inline void SessionDriver::perform(const smtp::action::Commit&) {
  require(message_ == Message::open, "only an open message is committed");
  message_ = Message::committing;
  if (session_.mail_parameters().body != smtp::BodyType::binary_mime) check_lines();
  open(Ask::commit, "commit");
}

inline void SessionDriver::perform(const smtp::action::Discard&) {
  require(message_ == Message::begun || message_ == Message::open || message_ == Message::refused,
          "only a message that was begun is discarded");
  message_ = Message::none;
  trace_.emplace_back("discard");
}

inline void SessionDriver::perform(const smtp::action::Close& close) {
  closed_ = close.reason;
  const bool lost = close.reason == smtp::action::Close::Reason::peer_closed ||
                    close.reason == smtp::action::Close::Reason::tls_failed;
  require(!unflushed_ || lost, "nothing waits unflushed when the session closes");
  require(message_ == Message::none || message_ == Message::committing, "no message is left open by Close");
  trace_.emplace_back("close");
}

// ---- what it is told ------------------------------------------------------------------------------------------------

// Before the session sees the event.
inline void SessionDriver::note(const smtp::ServerEvent& event) {
  namespace event_ns = smtp::event;
  if (std::holds_alternative<event_ns::MessageReady>(event)) message_ = Message::open;
  if (std::holds_alternative<event_ns::Committed>(event)) {
    message_ = Message::none;
    committed_.push_back(body_);
  }
  if (std::holds_alternative<event_ns::Refused>(event))
    message_ = message_ == Message::open ? Message::refused : Message::none;
  const bool informs =
      std::holds_alternative<event_ns::Sent>(event) || std::holds_alternative<event_ns::Stopping>(event);
  if (informs) return;
  if (ask_ == Ask::tls && !std::holds_alternative<event_ns::Answer>(event)) {  // so the handshake was begun
    replies_ += std::exchange(ready_, {});
    unflushed_ = false;
  }
  ask_ = Ask::none;
  reading_ = false;
}

inline void SessionDriver::check_batch(const std::vector<smtp::ServerAction>& actions) {
  namespace action = smtp::action;
  for (std::size_t i = 0; i + 1 < actions.size(); ++i) {
    const auto& a = actions[i];
    require(std::holds_alternative<action::Send>(a) || std::holds_alternative<action::Discard>(a) ||
                std::holds_alternative<action::Reset>(a),
            "what waits is last in its batch");
  }
  require(message_ != Message::refused, "a refused message is discarded at once");
  require(closed_ || reading_ || asking(), "the session always waits for something or closes");
}

inline void SessionDriver::feed(const smtp::ServerEvent& event) {
  const bool was_closed = closed_.has_value();
  const bool was_connected = reading_ || asking() || std::holds_alternative<smtp::event::Connected>(event);
  note(event);
  const auto& actions = session_.next(event);
  if (was_closed) return require(actions.empty(), "a closed session does nothing");
  for (const auto& action : actions) std::visit([this](const auto& a) { perform(a); }, action);
  if (was_connected) check_batch(actions);
}

inline smtp::ServerEvent SessionDriver::answer() {
  if (auto& prepared = prepared_[ask_]; !prepared.empty()) {
    auto event = std::move(prepared.front());
    prepared.pop_front();
    return event;
  }
  switch (ask_) {
    case Ask::tls:
      return smtp::event::TlsReady{{"TLSv1.3", "TLS_AES_256_GCM_SHA384", {}, "exporter", {}}};
    case Ask::auth:
      return smtp::event::AuthResult{smtp::event::AuthResult::Outcome::accepted, user_};
    case Ask::begin:
      return smtp::event::MessageReady{};
    case Ask::body:
      return smtp::event::BodyTaken{};
    case Ask::commit:
      return smtp::event::Committed{{committed_.size() + 1}};
    case Ask::answer:
      return smtp::event::Answer{smtp::make_reply(250, {2, 0, 0}, "Answered")};
    case Ask::sender:
    case Ask::recipient:
    case Ask::none:
      break;
  }
  return smtp::event::Verdict{};
}

inline smtp::ServerEvent SessionDriver::refusal() const {
  switch (ask_) {
    case Ask::tls:
      return smtp::event::PeerClosed{};
    case Ask::auth:
      return smtp::event::AuthResult{smtp::event::AuthResult::Outcome::rejected, {}};
    case Ask::begin:
    case Ask::body:
    case Ask::commit:
      return smtp::event::Refused{smtp::event::RefusedWhy::full, {}};
    case Ask::answer:
      return smtp::event::Answer{smtp::make_reply(450, {4, 7, 1}, "Later")};
    case Ask::sender:
    case Ask::recipient:
    case Ask::none:
      break;
  }
  return smtp::event::Verdict{smtp::make_reply(450, {4, 7, 1}, "Later"), false};
}

}  // namespace godwit::test

// SPDX-License-Identifier: Apache-2.0
#include "milter_member.hpp"

#include <algorithm>
#include <utility>

#include "milter_editing.hpp"
#include "service_reply.hpp"

namespace godwit::policy {
namespace {

class NewBody final : public MilterBodyTaker {
 public:
  explicit NewBody(FilteredMessage& message) : message_(message) {}
  net::Task<> take(std::string_view piece) override {
    came_ = true;
    return message_.write_new_body(piece);
  }
  bool came() const { return came_; }

 private:
  FilteredMessage& message_;
  bool came_ = false;
};

bool goes_on(const base::Result<MilterVerdict>& verdict) {
  return verdict && verdict->kind == MilterVerdict::Kind::go_on;
}

}  // namespace

MilterMember::~MilterMember() {
  if (!link_) return;
  end_transaction();
  connections_.give_back(settings_, std::move(link_));
}

// What stands in the place of an answer.  Where we are the ones who end it, nothing passes unseen.
MilterVerdict MilterMember::failure() const {
  const auto on_failure = cancelled_.cancelled() ? MilterSettings::Failure::defer : settings_.on_failure;
  auto reply = failure_reply(on_failure);
  if (!reply) return {};
  return {.kind = MilterVerdict::Kind::refuse, .reply = std::move(reply)};
}

MilterVerdict MilterMember::fail(std::string_view stage, const std::string& reason) {
  if (!cancelled_.cancelled())
    log_.warn("milter_failed", {{"milter", settings_.name}, {"client", client_}, {"stage", stage}, {"reason", reason}});
  failed_ = true;
  link_.reset();
  return failure();
}

MilterMember::Verdict MilterMember::meet(Question introduction, base::MonoTime end) {
  if (failed_) co_return failure();
  auto verdict = co_await introduce(introduction, end);
  if (!verdict) co_return fail("connect", verdict.error().message);
  co_return std::move(*verdict);
}

// A connection that was kept may have ended unseen; that is no failure.
net::Task<MilterVerdict> MilterMember::introduce(const Question& introduction, base::MonoTime end) {
  link_ = connections_.take_kept(settings_);
  if (link_) {
    const auto early = std::min(connections_.network().now() + settings_.command_timeout, end);
    auto step = introduction(link_->dialogue());
    auto verdict = co_await link_->ask(std::move(step), settings_.command_timeout, early);
    if (verdict) co_return verdict;
  }
  auto made = co_await connections_.connect(settings_, cancelled_, end);
  if (!made) co_return std::unexpected(std::move(made.error()));
  link_ = std::move(*made);
  auto step = introduction(link_->dialogue());
  co_return co_await link_->ask(std::move(step), settings_.command_timeout, end);
}

MilterMember::Verdict MilterMember::ask(std::string_view stage, Question question, base::MonoTime end) {
  if (failed_) co_return failure();
  if (!link_) co_return MilterVerdict{};  // it was not met: another one sent the client away
  auto step = question(link_->dialogue());
  auto verdict = co_await link_->ask(std::move(step), settings_.command_timeout, end);
  if (!verdict) co_return fail(stage, verdict.error().message);
  co_return std::move(*verdict);
}

bool MilterMember::wants_message() const {
  if (failed_) return settings_.on_failure != MilterSettings::Failure::accept;
  return link_ && link_->dialogue().is_interested();
}

MilterMember::Verdict MilterMember::show(FilteredMessage& message, const MilterMacros& macros, FilterOutcome& outcome,
                                         base::MonoTime end) {
  if (failed_) co_return failure();
  if (!link_ || !link_->dialogue().is_interested()) co_return MilterVerdict{};
  auto verdict = co_await transmit(message, macros, end);
  if (goes_on(verdict)) {
    auto applied = co_await apply(message, outcome);
    if (applied) co_return MilterVerdict{};
    verdict = std::unexpected(std::move(applied.error()));
  }
  message.drop_new_body();
  if (!verdict) co_return fail("data", verdict.error().message);
  co_return std::move(*verdict);
}

net::Task<MilterVerdict> MilterMember::transmit(FilteredMessage& message, const MilterMacros& macros,
                                                base::MonoTime end) {
  body_changed_ = false;
  auto verdict = co_await transmit_header(message, macros, end);
  if (!goes_on(verdict)) co_return verdict;
  verdict = co_await transmit_body(message, end);
  if (!goes_on(verdict)) co_return verdict;
  NewBody body(message);
  auto step = link_->dialogue().end_of_message(macros);
  verdict = co_await link_->ask(std::move(step), settings_.message_timeout, end, &body);
  body_changed_ = body.came();
  co_return verdict;
}

net::Task<MilterVerdict> MilterMember::transmit_header(FilteredMessage& message, const MilterMacros& macros,
                                                       base::MonoTime end) {
  const auto fields = message.header().fields();
  for (const auto& field : fields) {
    auto step = link_->dialogue().header(field.name, field.body);
    auto verdict = co_await link_->ask(std::move(step), settings_.command_timeout, end);
    if (!goes_on(verdict)) co_return verdict;
  }
  auto step = link_->dialogue().end_of_header(macros);
  co_return co_await link_->ask(std::move(step), settings_.command_timeout, end);
}

net::Task<MilterVerdict> MilterMember::transmit_body(FilteredMessage& message, base::MonoTime end) {
  std::string piece;
  for (std::uint64_t offset = 0; link_->dialogue().wants_body(); offset += piece.size()) {
    piece.resize(MilterDialogue::longest_body);
    auto got = co_await message.read_body(offset, piece);
    if (!got) co_return std::unexpected(std::move(got.error()));
    if (*got == 0) break;
    piece.resize(*got);
    auto step = link_->dialogue().body(piece);
    auto verdict = co_await link_->ask(std::move(step), settings_.command_timeout, end);
    if (!goes_on(verdict)) co_return verdict;
  }
  co_return MilterVerdict{};
}

net::Task<> MilterMember::apply(FilteredMessage& message, FilterOutcome& outcome) {
  const auto changes = link_->dialogue().take_changes();
  MilterEditing editing(message.header());
  for (const auto& change : changes)
    if (auto done = editing.apply(change); !done) co_return done;
  if (body_changed_) {
    auto kept = co_await message.keep_new_body();
    if (!kept) co_return kept;
    editing.note_body();
  }
  changes_ = editing.summary();
  quarantines_ = editing.holds();
  editing.finish(settings_.name, message.header(), outcome);
  co_return base::Result<>();
}

void MilterMember::end_transaction() {
  changes_.clear();
  quarantines_ = false;
  if (link_) link_->tell(link_->dialogue().abort());
}

void MilterMember::cancel() {
  cancelled_.cancel();
  if (link_) link_->cancel();
}

}  // namespace godwit::policy

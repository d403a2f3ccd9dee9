// SPDX-License-Identifier: Apache-2.0
#include "godwit/server/maildrop.hpp"

#include <algorithm>
#include <utility>

#include "connection.hpp"
#include "dropped_message.hpp"
#include "godwit/base/exception_text.hpp"
#include "godwit/disk/drop_folder.hpp"
#include "godwit/net/signal.hpp"
#include "godwit/net/task_group.hpp"
#include "maildrop_client.hpp"
#include "maildrop_report.hpp"

namespace godwit::server {
namespace {

using Verdict = smtp::RecipientResult::Verdict;

constexpr base::Duration interval = std::chrono::seconds(2);       // between two looks
constexpr base::Duration put_off = std::chrono::seconds(30);       // after the daemon could not take something
constexpr base::Duration settled = std::chrono::seconds(5);        // a folder that changed longer ago was seen whole
constexpr base::Duration unfinished_for = std::chrono::hours(24);  // then whoever wrote it is gone
constexpr base::Duration looked_anew = std::chrono::hours(1);      // what was unfinished may be stale now
constexpr base::Duration cancelled_file_time = std::chrono::seconds(5);
constexpr std::size_t at_once = 1000;  // names of one look

// For good: another try would meet the same.
bool is_final(const base::Error& error) {
  return error.kind == base::ErrorKind::refused || error.kind == base::ErrorKind::invalid ||
         error.kind == base::ErrorKind::unsupported;
}

// The sender was refused, and with him everybody.
bool is_of_sender(const smtp::RecipientResult& result) {
  return result.verdict == Verdict::failed && result.stage == smtp::Stage::mail && result.reply;
}

// The content, not the recipient.
bool is_of_content(const smtp::RecipientResult& result) {
  return result.verdict == Verdict::failed && result.stage != smtp::Stage::rcpt;
}

std::string words_of(const smtp::RecipientResult& result) {
  return result.reply ? to_line(*result.reply) : result.why;
}

}  // namespace

class Maildrop::Implementation {
 public:
  Implementation(std::string folder, std::shared_ptr<const Rules> rules, Surroundings around, net::BoundedPool& pool,
                 base::Random& random)
      : path_(std::move(folder)),
        folder_(path_),
        rules_(std::move(rules)),
        around_(std::move(around)),
        pool_(pool),
        random_(random),
        wake_(around_.executor, around_.deadlines),
        tasks_(around_.executor, around_.deadlines, [this](const auto& thrown) {
          around_.log.error("maildrop_failed", {{"reason", base::exception_text(thrown)}});
        }) {
    listener_.address.unix_path = path_;
    listener_.service = smtp::Service::local;
    listener_.tls = smtp::TlsMode::none;
    listener_.bare_newline = smtp::BareNewline::normalize;
  }

  void start() { tasks_.spawn(run()); }
  void reload(std::shared_ptr<const Rules> rules) { rules_ = std::move(rules); }
  boost::asio::awaitable<void> stop(base::MonoTime deadline);

 private:
  enum class Outcome { settled, later };

  boost::asio::awaitable<void> run();
  boost::asio::awaitable<Outcome> look();
  boost::asio::awaitable<bool> is_unchanged();
  boost::asio::awaitable<Outcome> take(std::string name);
  boost::asio::awaitable<Outcome> submit(std::string name, DroppedMessage opened);
  boost::asio::awaitable<Outcome> settle(std::string name, DroppedMessage opened,
                                         std::vector<smtp::RecipientResult> results);
  boost::asio::awaitable<base::Result<>> report(const DroppedMessage& opened,
                                                std::vector<smtp::RecipientResult> results);
  boost::asio::awaitable<Outcome> set_aside(std::string name, std::string reason);
  boost::asio::awaitable<Outcome> remove(std::string name, std::shared_ptr<const disk::DroppedFile> file);
  void complain(const std::string& reason);

  std::string path_;
  disk::DropFolder folder_;
  std::shared_ptr<const Rules> rules_;
  Surroundings around_;
  net::BoundedPool& pool_;
  base::Random& random_;
  ListenerSettings listener_;
  net::Signal wake_;
  net::Canceller gently_;
  net::TaskGroup tasks_;
  std::optional<base::WallTime> seen_;  // the folder's change that the last look, which saw all, began after
  base::MonoTime seen_at_{};
  std::string complaint_;  // what is wrong with the folder, said once
  bool stopping_ = false;
  bool broken_ = false;  // what is taken cannot be removed
};

boost::asio::awaitable<void> Maildrop::Implementation::run() {
  while (!stopping_ && !broken_) {
    const auto outcome = co_await look();
    const auto wait = outcome == Outcome::later ? put_off : interval;
    auto woken = co_await wake_.wait(around_.clock.mono() + wait);
    if (!woken && woken.error().kind == base::ErrorKind::cancelled) co_return;
  }
}

boost::asio::awaitable<void> Maildrop::Implementation::stop(base::MonoTime deadline) {
  stopping_ = true;
  wake_.cancel();
  gently_.cancel();
  auto ended = co_await tasks_.wait_empty(deadline);
  tasks_.cancel();
  if (!ended) std::ignore = co_await tasks_.wait_empty(around_.network.now() + cancelled_file_time);
}

void Maildrop::Implementation::complain(const std::string& reason) {
  if (std::exchange(complaint_, reason) != reason && !reason.empty())
    around_.log.warn("maildrop_unusable", {{"folder", path_}, {"reason", reason}});
}

// Nothing came since the last look: one system call instead of a list.
boost::asio::awaitable<bool> Maildrop::Implementation::is_unchanged() {
  if (!seen_ || around_.clock.mono() - seen_at_ > looked_anew) co_return false;
  auto ask = [folder = folder_] { return folder.changed(); };
  auto changed = co_await pool_.run(std::move(ask));
  co_return changed&&* changed == *seen_;
}

boost::asio::awaitable<Maildrop::Implementation::Outcome> Maildrop::Implementation::look() {
  const bool unchanged = co_await is_unchanged();
  if (unchanged) co_return Outcome::settled;
  const auto now = around_.clock.wall();
  auto ask = [folder = folder_, now] { return folder.list(at_once, now, unfinished_for); };
  auto listed = co_await pool_.run(std::move(ask));
  complain(listed ? "" : listed.error().message);
  if (!listed) co_return Outcome::later;
  seen_.reset();
  Outcome whole = Outcome::settled;
  for (auto& name : listed->names) {
    if (stopping_ || broken_) co_return Outcome::settled;
    const auto outcome = co_await take(std::move(name));
    if (outcome == Outcome::later) whole = Outcome::later;  // one file holds up no other
  }
  if (listed->has_more && whole == Outcome::settled) wake_.notify();
  // A name that came in the same tick as the list would not be told apart.
  if (listed->names.empty() && listed->changed + settled < now) {
    seen_ = listed->changed;
    seen_at_ = around_.clock.mono();
  }
  co_return whole;
}

boost::asio::awaitable<Maildrop::Implementation::Outcome> Maildrop::Implementation::take(std::string name) {
  if (name.starts_with(disk::DropFolder::unfinished)) {
    std::string reason = "it was never finished";  // named: GCC 12 destroys temporaries of a co_await twice
    co_return co_await set_aside(std::move(name), std::move(reason));
  }
  auto ask = [folder = folder_, name] { return open_dropped(folder, name); };
  auto opened = co_await pool_.run(std::move(ask));
  if (opened) co_return co_await submit(std::move(name), std::move(*opened));
  const auto& error = opened.error();
  if (error.kind == base::ErrorKind::not_found) co_return Outcome::settled;
  if (is_final(error)) {
    std::string reason = error.message;
    co_return co_await set_aside(std::move(name), std::move(reason));
  }
  around_.log.warn("maildrop_deferred", {{"file", name}, {"reason", error.message}});
  co_return Outcome::later;
}

boost::asio::awaitable<Maildrop::Implementation::Outcome> Maildrop::Implementation::submit(std::string name,
                                                                                           DroppedMessage opened) {
  const auto client = maildrop_client(opened.file, opened.content, rules_->settings.hostname, pool_);
  ClientEnd end{.user = net::PeerCredential{.user = opened.file->owner()},
                .remote = listener_.address,
                .local = listener_.address};
  std::vector<smtp::RecipientResult> results;
  {
    Connection connection(transaction_stream(*client, std::move(end)), rules_, listener_, around_);
    Connection* const served = &connection;
    const net::Canceller::Hook when_stopping(&gently_, [served] { served->stop_gently(); });
    const net::Canceller::Hook when_cancelled(&tasks_.canceller(), [served] { served->cancel(); });
    co_await connection.run();
  }
  results = client->finish();
  co_return co_await settle(std::move(name), std::move(opened), std::move(results));
}

boost::asio::awaitable<Maildrop::Implementation::Outcome> Maildrop::Implementation::settle(
    std::string name, DroppedMessage opened, std::vector<smtp::RecipientResult> results) {
  const auto is = [](Verdict verdict) { return [verdict](const auto& result) { return result.verdict == verdict; }; };
  const bool any_taken = std::ranges::any_of(results, is(Verdict::delivered));
  const bool all_taken = std::ranges::all_of(results, is(Verdict::delivered));
  const bool any_failed = std::ranges::any_of(results, is(Verdict::failed));
  const auto waiting = std::ranges::find_if(results, [](const auto& result) {
    return result.verdict != Verdict::delivered && result.verdict != Verdict::failed;
  });
  if (waiting != results.end() && !any_taken) {
    around_.log.warn("maildrop_deferred", {{"file", name}, {"reason", words_of(*waiting)}});
    co_return Outcome::later;
  }
  std::string unreported;
  if (!all_taken) {
    // Also those who wait: the others have it, and another try would give it to them again.
    auto copy = results;
    auto reported = co_await report(opened, std::move(copy));
    const bool can_be = reported || reported.error().kind == base::ErrorKind::not_found;
    if (!can_be && !any_taken) co_return Outcome::later;
    if (!reported) unreported = reported.error().message;
  }
  const auto content = std::ranges::find_if(results, is_of_content);
  std::string reason = content != results.end() ? words_of(*content) : any_failed ? unreported : std::string();
  if (!reason.empty()) co_return co_await set_aside(std::move(name), std::move(reason));
  co_return co_await remove(std::move(name), std::move(opened.file));
}

// Those who did not get it.
boost::asio::awaitable<base::Result<>> Maildrop::Implementation::report(const DroppedMessage& opened,
                                                                        std::vector<smtp::RecipientResult> results) {
  const auto owner = opened.file->owner();
  auto owner_name = co_await around_.users->name_of(owner);
  if (!owner_name) co_return std::unexpected(owner_name.error());
  const auto& file = opened.content.file;
  const auto& router = *rules_->router;
  RefusedMessage refused;
  refused.envelope.sender = file.sender;
  // A sender who is not his own is not told.
  if (std::ranges::any_of(results, is_of_sender)) refused.envelope.sender = smtp::Mailbox{*owner_name, {}};
  if (refused.envelope.sender) refused.envelope.sender = router.complete(*refused.envelope.sender);
  refused.envelope.accepted = around_.clock.wall();
  refused.envelope.ret = file.ret;
  refused.envelope.envid = file.envid;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto& result = results[i];
    const auto& asked = file.recipients[i];
    mail::Recipient recipient{
        .address = router.complete(asked.address), .notify = asked.parameters.notify, .orcpt = asked.parameters.orcpt};
    refused.envelope.recipients.push_back(recipient);
    const auto notify = asked.parameters.notify;
    const bool wanted = notify == 0 || (notify & smtp::notify_failure) != 0;
    if (result.verdict == Verdict::delivered || !wanted) continue;
    refused.recipients.push_back({.recipient = std::move(recipient),
                                  .reply = result.reply.value_or(smtp::Reply{}),
                                  .last_attempt = refused.envelope.accepted,
                                  .why = result.why});
  }
  if (refused.recipients.empty()) co_return base::Result<>();
  refused.size = opened.file->size() - opened.content.head;
  auto read = [opened] { return read_beginning(opened); };
  auto beginning = co_await pool_.run(std::move(read));
  if (!beginning) co_return std::unexpected(beginning.error());
  refused.beginning = std::move(*beginning);
  const auto to = smtp::to_string(refused.envelope.sender);
  const auto rules = rules_;  // a reload replaces them
  auto reported = co_await report_refusal(std::move(refused), *rules, around_, random_);
  if (!reported) co_return std::unexpected(reported.error());
  around_.log.info("report", {{"id", base::to_string(*reported)}, {"to", "<" + to + ">"}, {"kind", "failure"}});
  co_return base::Result<>();
}

boost::asio::awaitable<Maildrop::Implementation::Outcome> Maildrop::Implementation::set_aside(std::string name,
                                                                                              std::string reason) {
  auto ask = [folder = folder_, name, now = around_.clock.wall()] { return folder.set_aside(name, now); };
  auto renamed = co_await pool_.run(std::move(ask));
  if (renamed) {
    around_.log.warn("maildrop_rejected",
                     {{"folder", path_}, {"file", name}, {"reason", reason}, {"kept_as", *renamed}});
  } else if (renamed.error().os_error != ENOENT) {
    around_.log.error("maildrop_stopped", {{"folder", path_}, {"file", name}, {"reason", renamed.error().message}});
    broken_ = true;
  }
  co_return Outcome::settled;
}

boost::asio::awaitable<Maildrop::Implementation::Outcome> Maildrop::Implementation::remove(
    std::string name, std::shared_ptr<const disk::DroppedFile> file) {
  auto ask = [folder = folder_, name, file] { return folder.remove(name, *file); };
  auto removed = co_await pool_.run(std::move(ask));
  if (removed || removed.error().kind == base::ErrorKind::refused) co_return Outcome::settled;
  if (removed.error().kind == base::ErrorKind::cancelled) co_return Outcome::later;  // stopping
  // To go on would be to take the same message again and again.
  around_.log.error("maildrop_stopped", {{"folder", path_}, {"file", name}, {"reason", removed.error().message}});
  broken_ = true;
  co_return Outcome::settled;
}

Maildrop::Maildrop(std::string folder, std::shared_ptr<const Rules> rules, Surroundings around, net::BoundedPool& pool,
                   base::Random& random)
    : implementation_(
          std::make_unique<Implementation>(std::move(folder), std::move(rules), std::move(around), pool, random)) {}
Maildrop::~Maildrop() = default;

void Maildrop::start() {
  implementation_->start();
}
void Maildrop::reload(std::shared_ptr<const Rules> rules) {
  implementation_->reload(std::move(rules));
}
boost::asio::awaitable<void> Maildrop::stop(base::MonoTime deadline) {
  return implementation_->stop(deadline);
}

}  // namespace godwit::server

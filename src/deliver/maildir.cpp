// SPDX-License-Identifier: Apache-2.0
#include "godwit/deliver/maildir.hpp"

#include <cerrno>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "godwit/base/text.hpp"
#include "godwit/mail/header.hpp"
#include "godwit/mail/received.hpp"
#include "godwit/mail/recoder.hpp"
#include "mailbox_turns.hpp"
#include "maildir_quota.hpp"

namespace godwit::deliver {
namespace {

constexpr std::size_t copy_block = 256U << 10U;

// RFC 5321 section 4.4 (Return-Path, at final delivery), and Delivered-To, which loop detection and filters read.
std::string delivery_header(const Job& job, const mail::Recipient& recipient) {
  return mail::return_path_field(job.sender) + mail::delivered_to_field(recipient.address);
}

Outcome delivered() {
  return {.kind = Outcome::Kind::delivered,
          .stage = smtp::Stage::final_dot,
          .reply = smtp::make_reply(250, {2, 1, 5}, "Delivered to mailbox"),
          .remote = false,
          .relay = "maildir",
          .tls = "none"};
}

Outcome deferred(smtp::Reply reply) {
  return {.kind = Outcome::Kind::deferred,
          .stage = smtp::Stage::body,
          .reply = std::move(reply),
          .remote = false,
          .relay = "maildir",
          .tls = "none"};
}

Outcome failed(smtp::Reply reply) {
  auto outcome = deferred(std::move(reply));
  outcome.kind = Outcome::Kind::failed;
  return outcome;
}

Outcome full(OverQuota over_quota) {
  if (over_quota == OverQuota::bounce) return failed(smtp::make_reply(552, {5, 2, 2}, "Mailbox full"));
  return deferred(smtp::make_reply(452, {4, 2, 2}, "Mailbox full"));
}

Outcome unfit(const base::Error& error) {
  return failed(smtp::make_reply(554, {5, 6, 1}, "The message cannot be recoded: " + error.message));
}

Outcome not_tried() {
  auto outcome = deferred(smtp::make_reply(451, {4, 3, 2}, "The mail server is stopping"));
  outcome.untried = true;
  return outcome;
}

smtp::Reply trouble(const base::Error& error) {
  if (error.kind == base::ErrorKind::corrupt)
    return smtp::make_reply(451, {4, 3, 0}, "The message is damaged in the spool (see spool check)");
  if (error.kind == base::ErrorKind::exhausted) return smtp::make_reply(452, {4, 2, 2}, "Mailbox disk full");
  return smtp::make_reply(451, {4, 2, 0}, "Mailbox not writable: " + error.message);
}

// The turn ends with it.
class Turn {
 public:
  Turn(MailboxTurns& turns, const std::string& mailbox) : turns_(turns), mailbox_(mailbox) {}
  ~Turn() { turns_.done(mailbox_); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  MailboxTurns& turns_;
  const std::string& mailbox_;
};

}  // namespace

MaildirAgent::MaildirAgent(MaildirSettings settings, std::string_view hostname, disk::Disk& disk,
                           const base::Clock& clock, base::Random& random, boost::asio::any_io_executor pool,
                           boost::asio::any_io_executor home, net::Deadlines& deadlines)
    : settings_(std::move(settings)),
      hostname_(safe_path_segment(hostname)),
      disk_(disk),
      clock_(clock),
      random_(random),
      pool_(std::move(pool)),
      turns_(std::make_unique<MailboxTurns>(std::move(home), deadlines)) {}

MaildirAgent::~MaildirAgent() = default;

boost::asio::awaitable<Outcomes> MaildirAgent::deliver(Job job, std::string path_template,
                                                       std::string detail_separator) {
  Outcomes outcomes;
  for (const auto& recipient : job.recipients) {
    Place place{.mailbox = maildir_path(path_template, recipient.address, detail_separator), .folder = {}};
    if (settings_.detail_folders != DetailFolders::never)
      place.folder = detail_folder(recipient.address, detail_separator);
    if (job.transcript) job.transcript->note(clock_.mono(), "filing into " + place.mailbox + place.folder);
    auto turn = take_turn(job, recipient, std::move(place));
    auto outcome = co_await std::move(turn);
    if (job.transcript) job.transcript->note(clock_.mono(), to_line(outcome.reply));
    outcomes.push_back(std::move(outcome));
    const bool others_follow = outcomes.size() < job.recipients.size();
    if (job.on_delivered_early && others_follow && outcomes.back().kind == Outcome::Kind::delivered)
      job.on_delivered_early(outcomes.size() - 1, outcomes.back());
  }
  co_return outcomes;
}

boost::asio::awaitable<Outcome> MaildirAgent::take_turn(const Job& job, const mail::Recipient& recipient, Place place) {
  const auto mailbox = place.mailbox;
  const bool ours = co_await turns_->take(mailbox);
  if (!ours) co_return deferred(smtp::make_reply(451, {4, 2, 1}, "The mailbox's folder does not answer"));
  const Turn turn(*turns_, mailbox);
  if (stopping_) co_return not_tried();
  auto one = deliver_one(job, recipient, std::move(place));
  co_return co_await boost::asio::co_spawn(pool_, std::move(one), boost::asio::use_awaitable);
}

boost::asio::awaitable<base::Result<bool>> MaildirAgent::is_loop(const Job& job, const mail::Recipient& recipient) {
  const auto address = base::to_lower(to_string(recipient.address));
  if (const auto whole = job.content->view()) co_return mail::delivered_to(*whole).contains(address);
  std::string beginning(mail::Header::max_bytes, '\0');
  auto got = co_await job.content->read(0, beginning);
  if (!got) co_return std::unexpected(got.error());
  beginning.resize(*got);
  co_return mail::delivered_to(beginning).contains(address);
}

boost::asio::awaitable<Outcome> MaildirAgent::deliver_one(const Job& job, const mail::Recipient& recipient,
                                                          Place place) {
  const auto loops = co_await is_loop(job, recipient);
  if (!loops) co_return deferred(trouble(loops.error()));
  if (*loops) co_return failed(smtp::make_reply(554, {5, 4, 6}, "Mail loop: it was delivered to this mailbox already"));
  MaildirQuota quota(disk_, random_, settings_, place.mailbox);
  const auto room = co_await quota.has_room(job.content->size());
  if (!room) co_return deferred(trouble(room.error()));
  if (!*room) co_return full(settings_.over_quota);
  auto filing = file(job, recipient, std::move(place), quota);
  const auto filed = co_await std::move(filing);
  if (!filed && filed.error().kind == base::ErrorKind::unsupported) co_return unfit(filed.error());
  if (!filed) co_return deferred(trouble(filed.error()));
  co_return delivered();
}

boost::asio::awaitable<base::Result<>> MaildirAgent::prepare(std::string directory) {
  for (const char* name : {"/tmp", "/new", "/cur"}) {
    auto made = co_await disk_.make_directories(directory + name, settings_.directory_mode);
    if (!made) co_return made;
    if (settings_.group.empty()) continue;
    auto grouped = co_await disk_.set_permissions(directory + name, settings_.directory_mode, settings_.group);
    if (!grouped) co_return grouped;
  }
  if (settings_.group.empty()) co_return base::Result<>();
  co_return co_await disk_.set_permissions(directory, settings_.directory_mode, settings_.group);
}

// Programs that read mailboxes want lines.
boost::asio::awaitable<base::Result<std::uint64_t>> MaildirAgent::copy_recoded(Content& content, disk::File& file,
                                                                               std::uint64_t offset) {
  mail::Recoder recoder(mail::Recoding::binary_to_eight);
  std::string block(copy_block, '\0');
  for (std::uint64_t from = 0;;) {
    auto got = co_await content.read(from, block);
    if (!got) co_return std::unexpected(got.error());
    from += *got;
    std::string lines;
    const bool fits = *got == 0 ? recoder.finish(lines) : recoder.put(std::string_view(block).substr(0, *got), lines);
    if (!fits) co_return base::fail(base::ErrorKind::unsupported, "a header too long to recode the message");
    auto written = co_await file.write(offset, lines);
    if (!written) co_return std::unexpected(written.error());
    offset += lines.size();
    if (*got == 0) co_return offset;
  }
}

boost::asio::awaitable<base::Result<std::uint64_t>> MaildirAgent::copy(Content& content, disk::File& file,
                                                                       std::uint64_t offset) {
  if (const auto whole = content.view()) {
    auto written = co_await file.write(offset, *whole);
    if (!written) co_return std::unexpected(written.error());
    co_return offset + whole->size();
  }
  std::string block(copy_block, '\0');
  for (std::uint64_t from = 0;;) {
    auto got = co_await content.read(from, block);
    if (!got) co_return std::unexpected(got.error());
    if (*got == 0) co_return offset;
    auto written = co_await file.write(offset, std::string_view(block).substr(0, *got));
    if (!written) co_return std::unexpected(written.error());
    from += *got;
    offset += *got;
  }
}

// In tmp/ of the place, whose folder may turn out not to be there.
boost::asio::awaitable<base::Result<std::unique_ptr<disk::File>>> MaildirAgent::open(Place& place, std::string name) {
  const auto create = [&] {
    return disk_.open(place.mailbox + place.folder + "/tmp/" + name, disk::OpenMode::create_new, settings_.file_mode);
  };
  const auto is_missing = [](const auto& opened) {
    return !opened && opened.error().kind == base::ErrorKind::not_found;
  };
  auto opened = co_await create();
  if (is_missing(opened) && !place.folder.empty() && settings_.detail_folders == DetailFolders::existing) {
    place.folder.clear();
    opened = co_await create();
  }
  if (!is_missing(opened)) co_return std::move(opened);
  auto prepared = co_await prepare(place.mailbox);
  if (prepared && !place.folder.empty()) prepared = co_await prepare(place.mailbox + place.folder);
  if (!prepared) co_return std::unexpected(prepared.error());
  co_return co_await create();
}

// Content → sync → rename → sync of new/.  A crash before the rename leaves a file in tmp/ that no reader looks at (and
// that Maildir readers delete after 36 hours); after it, the message is there and may come again.
boost::asio::awaitable<base::Result<>> MaildirAgent::file(const Job& job, const mail::Recipient& recipient, Place place,
                                                          MaildirQuota& quota) {
  const auto now = clock_.wall().time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  const auto name = fmt::format("{}.{}R{:016x}.{}", seconds, to_string(job.id), random_.next(), hostname_);
  auto opening = open(place, name);
  auto opened = co_await std::move(opening);
  if (!opened) co_return std::unexpected(opened.error());
  const auto directory = place.mailbox + place.folder;
  const auto temporary = directory + "/tmp/" + name;

  const auto header = delivery_header(job, recipient);
  std::uint64_t size = 0;
  base::Result<> result = co_await (*opened)->write(0, header);
  if (result) {
    const bool binary = job.body == smtp::BodyType::binary_mime;
    auto copying =
        binary ? copy_recoded(*job.content, **opened, header.size()) : copy(*job.content, **opened, header.size());
    auto copied = co_await std::move(copying);
    if (copied)
      size = *copied;
    else
      result = std::unexpected(copied.error());
  }
  if (result && !settings_.group.empty())
    result = co_await disk_.set_permissions(temporary, settings_.file_mode, settings_.group);
  if (result) result = co_await (*opened)->sync();
  opened->reset();
  // Who counts the mailbox need not look at the file then.
  const auto final_name = quota.is_limited() ? fmt::format("{},S={}", name, size) : name;
  if (result) result = co_await disk_.rename(temporary, directory + "/new/" + final_name);
  if (!result) {
    auto removed = co_await disk_.remove(temporary);
    co_return result;
  }
  auto synced = co_await disk_.sync_directory(directory + "/new");
  if (synced && quota.is_limited()) co_await quota.note(size);
  co_return synced;
}

}  // namespace godwit::deliver

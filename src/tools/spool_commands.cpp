// SPDX-License-Identifier: Apache-2.0
#include "spool_commands.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <ostream>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "blocking.hpp"
#include "daemon_importer.hpp"
#include "export_folder.hpp"
#include "godwit/base/text.hpp"
#include "godwit/disk/posix_disk.hpp"
#include "godwit/spool/inspect.hpp"
#include "http_client.hpp"
#include "owner.hpp"
#include "piece_size.hpp"
#include "remover.hpp"
#include "report.hpp"
#include "spool_place.hpp"
#include "spool_report.hpp"

namespace godwit::tools {
namespace {

namespace json = boost::json;

int code_of(const base::Error& error) {
  return error.kind == base::ErrorKind::not_found ? exit_usage : exit_failed;
}

bool fits(const std::string& pattern, const std::string& address) {
  if (pattern.empty()) return true;
  return base::matches_pattern(pattern.starts_with('@') ? "*" + pattern : pattern, address);
}

disk::Task<spool::Visited> print_body(std::ostream& out, spool::StoredMessage message) {
  std::string piece(piece_size, '\0');
  for (std::uint64_t at = 0;;) {
    auto got = co_await message.body->read(at, piece);
    if (!got) co_return std::unexpected(std::move(got.error()));  // a part is printed, so there is no second try
    if (*got == 0) break;
    out.write(piece.data(), static_cast<std::streamsize>(*got));
    at += *got;
  }
  out.flush();
  if (!out) co_return base::fail(base::ErrorKind::io, "cannot write all of the message");
  co_return spool::Visited{};
}

disk::Task<spool::Visited> save_body(disk::Disk& disk, std::string file, spool::StoredMessage message) {
  auto written = co_await write_body(disk, file, *message.body);
  if (!written) co_return std::unexpected(std::move(written.error()));
  if (!written->fault.empty()) {
    auto removed = co_await disk.remove(file);
    if (!removed) co_return std::unexpected(std::move(removed.error()));
  }
  co_return spool::Visited{std::move(written->fault)};
}

// As `godwitctl --json queue show` has it, but for what only the daemon knows.
json::value to_json(const spool::StoredMessage& message) {
  const mail::Envelope& envelope = message.envelope;
  json::array recipients;
  for (const mail::Recipient& recipient : envelope.recipients)
    recipients.emplace_back(json::object{{"address", base::printable(smtp::to_string(recipient.address))},
                                         {"original", base::printable(recipient.original)},
                                         {"state", json::string(mail::to_string(recipient.state))},
                                         {"last_reply", base::printable(recipient.last_reply)}});
  const bool is_waiting = envelope.next_attempt > base::WallTime{};
  const auto tls = envelope.tls_wish();
  return json::object{
      {"id", base::to_string(message.id)},
      {"state", envelope.held ? "held" : "waiting"},
      {"sender", base::printable(smtp::to_string(envelope.sender))},
      {"size", message.body->size()},
      {"accepted", base::format_rfc3339(envelope.accepted)},
      {"attempts", envelope.attempts},
      {"next_attempt",
       is_waiting ? json::value(json::string(base::format_rfc3339(envelope.next_attempt))) : json::value()},
      {"client", json::object{{"address", base::printable(envelope.client_address)},
                              {"hello", base::printable(envelope.client_hello)},
                              {"account", base::printable(envelope.account)},
                              {"protocol", base::printable(envelope.protocol)}}},
      {"tls", tls.empty() ? json::value() : json::value(json::string(tls))},
      {"recipients", std::move(recipients)}};
}

// Reads the one message `id`; false in `found`: it is not live.
base::Result<std::vector<spool::Fault>> visit_one(disk::Disk& disk, const std::string& directory, base::MessageId id,
                                                  std::function<disk::Task<spool::Visited>(spool::StoredMessage)> visit,
                                                  bool& found) {
  boost::asio::io_context context;
  found = false;
  auto seen = [&found, visit = std::move(visit)](spool::StoredMessage message) {
    found = true;
    return visit(std::move(message));
  };
  spool::LiveReading reading{.wanted = [id](base::MessageId other) { return other == id; }, .visit = std::move(seen)};
  return run_here(context, spool::read_live(disk, directory, context.get_executor(), std::move(reading)));
}

}  // namespace

bool ExportSelection::selects(const mail::Envelope& envelope) const {
  if (sender == "<>" ? !envelope.is_bounce() : !fits(sender, smtp::to_string(envelope.sender))) return false;
  return std::ranges::any_of(envelope.recipients, [this](const mail::Recipient& to) {
    return to.state == mail::RecipientState::waiting && fits(recipient, smtp::to_string(to.address)) &&
           (destination.empty() || base::matches_pattern(destination, to.address.domain));
  });
}

int SpoolCommands::complain(const std::string& what, int code) const {
  console.err << "godwitctl: " << base::printable(what) << "\n";
  return code;
}

std::optional<spool::Settings> SpoolCommands::settings() const {
  return SpoolPlace{.directory = directory, .config = config, .socket = socket}.find(console);
}

int SpoolCommands::check() const {
  const auto found = settings();
  if (!found) return exit_usage;
  disk::PosixDisk disk;
  boost::asio::io_context context;
  const auto report = run_here(context, spool::check_spool(disk, found->directory));
  if (!report) return complain(report.error().message, code_of(report.error()));
  if (output == Output::json)
    console.out << json::serialize(tools::to_json(*report, found->directory)) << "\n";
  else
    console.out << to_text(*report, found->directory);
  return report->damaged() == 0 ? exit_done : exit_failed;
}

int SpoolCommands::export_body(const std::string& text, const std::string& file) const {
  disk::PosixDisk disk;
  return export_one(text, [this, &disk, &file](spool::StoredMessage message) {
    return file.empty() ? print_body(console.out, std::move(message)) : save_body(disk, file, std::move(message));
  });
}

int SpoolCommands::export_envelope(const std::string& text) const {
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): export_one() ends after it
  return export_one(text, [this](spool::StoredMessage message) -> disk::Task<spool::Visited> {
    const json::value shown = to_json(message);
    console.out << (output == Output::json ? json::serialize(shown) + "\n" : message_text(shown));
    co_return spool::Visited{};
  });
}

int SpoolCommands::export_one(const std::string& text, const Visit& visit) const {
  const auto id = base::parse_message_id(text);
  if (!id) return complain("\"" + text + "\" is not a message id", exit_usage);
  const auto found = settings();
  if (!found) return exit_usage;
  disk::PosixDisk disk;
  bool seen = false;
  const auto faults = visit_one(disk, found->directory, *id, visit, seen);
  if (!faults) return complain(faults.error().message, code_of(faults.error()));
  for (const spool::Fault& fault : *faults) console.err << to_text(fault);
  if (!seen && faults->empty()) return complain("there is no such message in the spool", exit_failed);
  return faults->empty() ? exit_done : exit_failed;
}

int SpoolCommands::export_many(const ExportSelection& selection, const std::string& path, AfterExport after) const {
  const auto found = settings();
  if (!found) return exit_usage;
  disk::PosixDisk disk;
  boost::asio::io_context context;
  ExportFolder folder(disk, path);
  if (auto made = run_here(context, folder.make()); !made) return complain(made.error().message, exit_failed);
  std::vector<ExportedState> exported;
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): the reading ends first
  const auto put = [&](spool::StoredMessage message) -> disk::Task<spool::Visited> {
    if (!selection.selects(message.envelope)) co_return spool::Visited{};
    const ExportedState state{message.id, state_of(message.envelope)};
    auto done = co_await folder.put(std::move(message));
    if (done && done->body_fault.empty()) exported.push_back(state);
    co_return done;
  };
  spool::LiveReading reading{.wanted = {}, .visit = put};
  const auto faults =
      run_here(context, spool::read_live(disk, found->directory, context.get_executor(), std::move(reading)));
  if (!faults) return complain(faults.error().message, code_of(faults.error()));
  if (auto synced = run_here(context, folder.sync()); !synced) return complain(synced.error().message, exit_failed);
  for (const spool::Fault& fault : *faults) console.err << to_text(fault);
  // Export → sync → removal: a crash in between leaves the messages in both places.
  Removed removed;
  if (after == AfterExport::remove) {
    const auto owner = AsOwner::of(found->directory);
    const auto done = owner ? remove_exported(*found, exported) : std::unexpected(owner.error());
    if (!done) return complain("exported, but not removed: " + done.error().message, exit_failed);
    removed = *done;
  }
  const bool complete = faults->empty() && removed.changed == 0;
  if (output == Output::json) {
    console.out << json::serialize(json::object{{"exported", exported.size()},
                                                {"damaged", faults->size()},
                                                {"removed", removed.messages},
                                                {"changed", removed.changed}})
                << "\n";
  } else {
    console.out << fmt::format("{} messages are in {}.\n", exported.size(), base::printable(path));
    if (after == AfterExport::remove) console.out << fmt::format("{} are removed from the spool.\n", removed.messages);
    if (removed.changed > 0)
      console.out << fmt::format("{} changed meanwhile and were left as they are.\n", removed.changed);
  }
  return complete ? exit_done : exit_failed;
}

bool SpoolCommands::daemon_imports() const {
  if (!directory.empty() || !config.empty()) return false;
  if (which == Socket::named) return true;
  const auto answer = http_request(socket, "GET", "/v1/status");
  return answer || (answer.error().os_error != ENOENT && answer.error().os_error != ECONNREFUSED);
}

base::Result<Imported> SpoolCommands::import_into_files(const std::string& folder, const ImportNotice& notice) const {
  const auto found = settings();
  if (!found) return base::fail(base::ErrorKind::invalid, "the configuration names the spool, and has errors");
  std::error_code error;
  if (!std::filesystem::is_directory(found->directory, error))
    return base::fail(base::ErrorKind::invalid, found->directory + " is no folder");
  const auto owner = AsOwner::of(found->directory);
  if (!owner) return std::unexpected(owner.error());
  return import_messages(*found, folder, notice);
}

int SpoolCommands::import(const std::string& folder) const {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) return complain(folder + " is no folder", exit_usage);
  json::array messages;
  const ImportNotice notice = [&](base::MessageId from, const base::Result<base::MessageId>& result) {
    const std::string name = base::to_string(from);
    if (!result) complain(name + ": " + result.error().message, exit_failed);
    if (!result) return;
    if (output == Output::json)
      messages.emplace_back(json::object{{"from", name}, {"id", base::to_string(*result)}});
    else
      console.out << name << " is now " << base::to_string(*result) << "\n";
  };
  const auto imported =
      daemon_imports() ? import_into_daemon(socket, folder, notice) : import_into_files(folder, notice);
  if (!imported)
    return complain(imported.error().message,
                    imported.error().kind == base::ErrorKind::invalid ? exit_usage : exit_failed);
  if (output == Output::json)
    console.out << json::serialize(json::object{{"imported", std::move(messages)}, {"failed", imported->failed}})
                << "\n";
  else
    console.out << fmt::format("{} messages are imported.\n", imported->messages);
  return imported->failed == 0 ? exit_done : exit_failed;
}

}  // namespace godwit::tools

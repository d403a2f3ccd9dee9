// SPDX-License-Identifier: Apache-2.0
#include "daemon_importer.hpp"

#include <utility>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "blocking.hpp"
#include "godwit/disk/posix_disk.hpp"
#include "http_client.hpp"

namespace godwit::tools {
namespace {

namespace json = boost::json;

constexpr unsigned unavailable = 503;

std::string text_of(const json::value& answer, const char* key) {
  const json::object* object = answer.if_object();
  const json::value* value = object == nullptr ? nullptr : object->if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// The id that the daemon gave it; exhausted: it takes no other message either.
base::Result<base::MessageId> id_in(const HttpAnswer& answer) {
  boost::system::error_code error;
  const json::value value = json::parse(answer.body, error);
  const auto id = base::parse_message_id(text_of(value, "id"));
  if (answer.status == 200 && id) return *id;
  std::string why = text_of(value, "error");
  if (why.empty()) why = fmt::format("godwitd answered {}", answer.status);
  return base::fail(answer.status == unavailable ? base::ErrorKind::exhausted : base::ErrorKind::refused,
                    std::move(why));
}

class DaemonImporter {
 public:
  DaemonImporter(const std::string& socket, const std::string& folder) : socket_(socket), folder_(disk_, folder) {}

  base::Result<Imported> run(const ImportNotice& notice) {
    const auto ids = run_here(context_, folder_.list());
    if (!ids) return std::unexpected(ids.error());
    Imported imported;
    for (const base::MessageId id : *ids) {
      const auto result = take(id);
      notice(id, result);
      ++(result ? imported.messages : imported.failed);
      if (!result && ends_here_) break;
    }
    if (auto synced = run_here(context_, folder_.sync()); !synced) return std::unexpected(synced.error());
    return imported;
  }

 private:
  base::Result<base::MessageId> take(base::MessageId id) {
    const auto file = run_here(context_, folder_.read(id));
    if (!file) return std::unexpected(file.error());
    const auto body = run_here(context_, folder_.open_body(id));
    if (!body) return std::unexpected(body.error());
    const auto size = run_here(context_, (*body)->size());
    if (!size) return std::unexpected(size.error());
    if (*size != file->body_size)
      return base::fail(base::ErrorKind::corrupt, base::to_string(id) + ".eml does not have the size it should have");
    auto given = hand_over(*file, **body);
    if (!given) return given;
    if (auto named = run_here(context_, folder_.set_imported(id)); !named) return std::unexpected(named.error());
    return given;
  }

  base::Result<base::MessageId> hand_over(const mail::ExportFile& file, BodyReader& body) {
    const std::string envelope = mail::encode(file);
    bool in_body = false;
    base::Result<std::string_view> read;
    const auto next = [&]() -> base::Result<std::string_view> {
      if (!std::exchange(in_body, true)) return envelope;
      read = run_here(context_, body.next());
      return read;
    };
    const auto target = fmt::format("/v1/queue/import?envelope={}", envelope.size());
    const auto answer = http_request(socket_, "POST", target, {.size = envelope.size() + file.body_size, .next = next});
    ends_here_ = !answer && read;  // a file that cannot be read concerns no other message
    if (!answer) return base::fail(answer.error().kind, "handing it to godwitd: " + answer.error().message);
    auto id = id_in(*answer);
    ends_here_ = !id && id.error().kind == base::ErrorKind::exhausted;
    return id;
  }

  const std::string& socket_;
  disk::PosixDisk disk_;
  boost::asio::io_context context_;
  ExportFolder folder_;
  bool ends_here_ = false;
};

}  // namespace

base::Result<Imported> import_into_daemon(const std::string& socket, const std::string& folder,
                                          const ImportNotice& notice) {
  return DaemonImporter(socket, folder).run(notice);
}

}  // namespace godwit::tools

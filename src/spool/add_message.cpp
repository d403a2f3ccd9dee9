// SPDX-License-Identifier: Apache-2.0
#include "godwit/spool/add_message.hpp"

#include <utility>

#include <fmt/format.h>

#include "godwit/base/checksum.hpp"

namespace godwit::spool {
namespace {

constexpr std::size_t piece_size = 256U << 10U;

base::Error as_error(const Refused& refused) {
  const bool full = refused.why == Refused::Why::full || refused.why == Refused::Why::back_pressure;
  std::string what = refused.detail;
  if (refused.why == Refused::Why::too_large) what = "it is larger than limits.message_size";
  if (refused.why == Refused::Why::not_canonical) what = "its line ends are not all CRLF, or it has a NUL";
  return {.kind = full ? base::ErrorKind::exhausted : base::ErrorKind::refused,
          .message = "the spool refused it: " + what};
}

disk::Task<> write_body(Incoming& incoming, Pieces body) {
  for (;;) {
    auto piece = co_await body();
    if (!piece) co_return std::unexpected(std::move(piece.error()));
    if (piece->empty()) co_return base::Result<>{};
    auto written = co_await incoming.write(*piece);
    if (!written) co_return std::unexpected(as_error(written.error()));
  }
}

// A body read piece by piece.
class PiecesOfBody {
 public:
  explicit PiecesOfBody(std::shared_ptr<Body> body) : body_(std::move(body)), piece_(piece_size, '\0') {}
  disk::Task<std::string_view> next() {
    auto got = co_await body_->read(at_, piece_);
    if (!got) co_return std::unexpected(std::move(got.error()));
    at_ += *got;
    co_return std::string_view(piece_).substr(0, *got);
  }

 private:
  std::shared_ptr<Body> body_;
  std::string piece_;
  std::uint64_t at_ = 0;
};

// Gives on what it is given, and an error where that is not the body of the file.
class CheckedPieces {
 public:
  CheckedPieces(const mail::ExportFile& file, Pieces pieces)
      : id_(file.id), size_(file.body_size), crc_(file.body_crc), pieces_(std::move(pieces)) {}
  disk::Task<std::string_view> next() {
    auto piece = co_await pieces_();
    if (!piece) co_return piece;
    seen_ += piece->size();
    seen_crc_ = base::crc32c(*piece, seen_crc_);
    const bool is_end = piece->empty();
    if (seen_ > size_ || (is_end && (seen_ != size_ || seen_crc_ != crc_)))
      co_return base::fail(base::ErrorKind::corrupt, fmt::format("{}.eml does not match its checksum", to_string(id_)));
    co_return piece;
  }

 private:
  base::MessageId id_;
  std::uint64_t size_, seen_ = 0;
  std::uint32_t crc_, seen_crc_ = 0;
  Pieces pieces_;
};

}  // namespace

Pieces pieces_of(std::shared_ptr<Body> body) {
  return [state = std::make_shared<PiecesOfBody>(std::move(body))] { return state->next(); };
}

disk::Task<base::MessageId> add_message(Spool& spool, mail::Envelope envelope, std::uint64_t size, Pieces body) {
  auto begun = spool.begin(size);
  if (!begun) co_return std::unexpected(as_error(begun.error()));
  auto writing = write_body(**begun, std::move(body));
  auto written = co_await std::move(writing);
  if (!written) co_return std::unexpected(std::move(written.error()));
  auto committed = co_await (*begun)->commit(std::move(envelope));
  if (!committed) co_return std::unexpected(as_error(committed.error()));
  co_return *committed;
}

disk::Task<base::MessageId> import_message(Spool& spool, mail::ExportFile file, Pieces body) {
  if (!mail::has_waiting(file.envelope))
    co_return base::fail(base::ErrorKind::invalid, "none of its recipients waits for it");
  CheckedPieces checked(file, std::move(body));
  Pieces pieces = [&checked] { return checked.next(); };
  auto adding = add_message(spool, std::move(file.envelope), file.body_size, std::move(pieces));
  auto added = co_await std::move(adding);
  co_return added;
}

}  // namespace godwit::spool

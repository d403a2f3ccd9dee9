// SPDX-License-Identifier: Apache-2.0
#include "maildrop_client.hpp"

#include <algorithm>
#include <utility>

namespace godwit::server {
namespace {

constexpr std::size_t piece_size = 256U << 10U;

smtp::ClientTransaction transaction_of(const mail::MaildropFile& file, std::uint64_t size) {
  smtp::ClientTransaction transaction{
      .sender = file.sender, .recipients = {}, .size = size, .body = file.body, .ret = file.ret, .envid = file.envid};
  for (const auto& [address, parameters] : file.recipients)
    transaction.recipients.push_back({.address = address, .parameters = parameters});
  return transaction;
}

// The message from `at` to the end that the file had when it was opened.
class FilePieces {
 public:
  FilePieces(std::shared_ptr<const disk::DroppedFile> file, std::uint64_t at, net::BoundedPool& pool)
      : file_(std::move(file)), at_(at), pool_(pool) {}

  disk::Task<std::string_view> next() {
    // The size was said: what its owner changes meanwhile is no message.
    const auto wanted = std::min<std::uint64_t>(file_->size() - at_, piece_size);
    piece_.clear();
    if (wanted == 0) co_return std::string_view();
    auto read = [file = file_, at = at_, wanted]() -> base::Result<std::string> {
      std::string piece(wanted, '\0');
      const auto got = file->read(at, piece);
      if (!got) return std::unexpected(got.error());
      piece.resize(*got);
      return piece;
    };
    auto piece = co_await pool_.run(std::move(read));
    if (!piece) co_return std::unexpected(std::move(piece.error()));
    if (piece->size() < wanted) co_return base::fail(base::ErrorKind::io, "the file was cut while it was read");
    piece_ = *std::move(piece);
    at_ += piece_.size();
    co_return std::string_view(piece_);
  }

 private:
  std::shared_ptr<const disk::DroppedFile> file_;
  std::uint64_t at_;
  net::BoundedPool& pool_;
  std::string piece_;
};

}  // namespace

std::unique_ptr<TransactionClient> maildrop_client(std::shared_ptr<const disk::DroppedFile> file,
                                                   const mail::DecodedMaildrop& content, std::string hostname,
                                                   net::BoundedPool& pool) {
  auto transaction = transaction_of(content.file, file->size() - content.head);
  auto open = [file = std::move(file), head = content.head, &pool]() -> spool::Pieces {
    return [pieces = std::make_shared<FilePieces>(file, head, pool)] { return pieces->next(); };
  };
  return std::make_unique<TransactionClient>(std::move(transaction), std::move(open),
                                             TransactionClient::Settings{.hello = std::move(hostname)});
}

}  // namespace godwit::server

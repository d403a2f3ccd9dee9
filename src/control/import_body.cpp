// SPDX-License-Identifier: Apache-2.0
#include "import_body.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace godwit::control {

Task<mail::ExportFile> ImportBody::envelope(std::uint64_t size) {
  std::string text;
  while (text.size() < size) {
    auto piece = co_await pieces_();
    if (!piece) co_return std::unexpected(std::move(piece.error()));
    if (piece->empty()) co_return base::fail(base::ErrorKind::invalid, "the request ends within the envelope");
    const auto taken = std::min<std::uint64_t>(piece->size(), size - text.size());
    text += piece->substr(0, taken);
    rest_ = piece->substr(taken);
  }
  auto file = mail::decode_export_file(text);
  if (!file) co_return base::fail(base::ErrorKind::invalid, "the envelope: " + file.error().message);
  co_return file;
}

Task<std::string_view> ImportBody::next() {
  if (!rest_.empty()) co_return std::exchange(rest_, {});
  auto piece = co_await pieces_();
  co_return piece;
}

}  // namespace godwit::control

// SPDX-License-Identifier: Apache-2.0
#include "draft.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "piece_size.hpp"

namespace godwit::tools {
namespace {

base::Result<> write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return base::fail_os("keeping the message", errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// Without a name, where the folder's file system knows such files.
int unnamed_file(const char* folder) {
  const int file = ::open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
  if (file >= 0) return file;
  std::string name = std::string(folder) + "/sendmail.XXXXXX";
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

}  // namespace

Draft::Draft(Draft&& other) noexcept
    : has_high_bytes(other.has_high_bytes),
      memory_(std::move(other.memory_)),
      file_(std::exchange(other.file_, -1)),
      in_file_(other.in_file_) {}

Draft::~Draft() {
  if (file_ >= 0) ::close(file_);
}

base::Result<> Draft::open_file() {
  const char* chosen = std::getenv("TMPDIR");
  for (const char* folder : {chosen, "/var/tmp", "/tmp"}) {
    if (folder == nullptr || *folder == '\0') continue;
    file_ = unnamed_file(folder);
    if (file_ >= 0) return {};
  }
  return base::fail_os("no folder for a temporary file", errno);
}

base::Result<> Draft::append(std::string_view bytes) {
  if (in_file_ == 0 && memory_.size() < in_memory) {
    memory_ += bytes;
    return {};
  }
  if (file_ < 0)
    if (auto opened = open_file(); !opened) return opened;
  if (auto written = write_all(file_, bytes); !written) return written;
  in_file_ += bytes.size();
  return {};
}

void Draft::prepend(std::string_view bytes) {
  memory_.insert(0, bytes);
}

base::Result<std::string_view> Draft::read(std::uint64_t offset) {
  if (offset < memory_.size()) return std::string_view(memory_).substr(offset, piece_size);
  if (offset == size()) return std::string_view();
  buffer_.resize(piece_size);
  for (;;) {
    const ssize_t got = ::pread(file_, buffer_.data(), buffer_.size(), static_cast<off_t>(offset - memory_.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::fail_os("reading the message again", errno);
    if (got == 0) return base::fail(base::ErrorKind::corrupt, "the message's temporary file is too short");
    return std::string_view(buffer_).substr(0, static_cast<std::size_t>(got));
  }
}

base::Result<std::size_t> read_descriptor(int descriptor, std::span<char> into) {
  for (;;) {
    const ssize_t got = ::read(descriptor, into.data(), into.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return base::fail_os("reading the message", errno);
  }
}

base::Result<Draft> read_draft(const ReadInput& input, DotLine dot) {
  Draft draft;
  CanonicalText text(dot);
  std::string piece(64U << 10U, '\0'), out;
  while (!text.ended()) {
    const auto got = input(piece);
    if (!got) return std::unexpected(got.error());
    out.clear();
    if (*got == 0)
      text.finish(out);
    else
      text.put(std::string_view(piece).substr(0, *got), out);
    if (auto kept = draft.append(out); !kept) return std::unexpected(std::move(kept.error()));
    if (*got == 0) break;
  }
  draft.has_high_bytes = text.has_high_bytes();
  return draft;
}

}  // namespace godwit::tools

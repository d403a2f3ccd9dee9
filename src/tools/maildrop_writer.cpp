// SPDX-License-Identifier: Apache-2.0
#include "maildrop_writer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>

#include <fmt/format.h>

#include "godwit/base/clock.hpp"
#include "godwit/base/random.hpp"

namespace godwit::tools {
namespace {

class OpenFile {
 public:
  explicit OpenFile(int descriptor) : descriptor_(descriptor) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

base::Result<> write_all(const OpenFile& file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return base::fail_os("writing to the maildrop", errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

base::Result<> write_content(const OpenFile& file, const mail::MaildropFile& head, Draft& draft) {
  if (auto written = write_all(file, mail::encode(head)); !written) return written;
  for (std::uint64_t at = 0; at < draft.size();) {
    const auto piece = draft.read(at);
    if (!piece) return std::unexpected(piece.error());
    if (auto written = write_all(file, *piece); !written) return written;
    at += piece->size();
  }
  return {};
}

// The daemon reads it as a member of the folder's group, which the set-group-id bit hands on.  Without that bit only as
// anybody: then nothing but the name, which nobody can list, hides it.
base::Result<> let_daemon_read(const OpenFile& file, const std::string& folder) {
  struct stat status {};
  const bool has_group = ::stat(folder.c_str(), &status) == 0 && (status.st_mode & S_ISGID) != 0;
  if (::fchmod(file.get(), has_group ? 0640 : 0644) != 0) return base::fail_os("the mode of the file", errno);
  return {};
}

// The name.  Who may not list the folder may not open it either, so that he can sync only all of the file system.
base::Result<> sync_name(const OpenFile& file, const std::string& folder) {
  const OpenFile opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const int result = opened.get() >= 0 ? ::fsync(opened.get()) : ::syncfs(file.get());
  if (result != 0) return base::fail_os("syncing the maildrop", errno);
  return {};
}

base::Result<> publish(const OpenFile& file, const std::string& folder, const std::string& from,
                       const std::string& to) {
  // Content before name: a file with a final name is whole, whatever happens.
  if (::fsync(file.get()) != 0) return base::fail_os("syncing the message", errno);
  if (::rename(from.c_str(), to.c_str()) != 0) return base::fail_os("naming the message", errno);
  if (auto synced = sync_name(file, folder); !synced) {
    ::unlink(to.c_str());
    return synced;
  }
  return {};
}

}  // namespace

base::Result<> write_to_maildrop(const std::string& folder, const mail::MaildropFile& head, Draft& draft) {
  base::SystemRandom random;
  const auto now = base::SystemClock().wall().time_since_epoch();
  const auto name = fmt::format("{:x}.{:016x}{:016x}", std::chrono::floor<std::chrono::microseconds>(now).count(),
                                random.next(), random.next());
  const std::string unfinished = folder + "/tmp." + name;
  const OpenFile file(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file.get() < 0) return base::fail_os(folder, errno);
  auto done = write_content(file, head, draft);
  if (done) done = let_daemon_read(file, folder);
  if (done) done = publish(file, folder, unfinished, folder + "/" + name);
  if (!done) ::unlink(unfinished.c_str());
  return done;
}

}  // namespace godwit::tools

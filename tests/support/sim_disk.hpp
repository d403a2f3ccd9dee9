// SPDX-License-Identifier: Apache-2.0
// A disk in memory that forgets like a real one at power loss.  A file has durable bytes and the writes since its last
// sync; a directory has durable names and the changes since its last sync.  crash() decides for each of these whether
// it had reached the platter.  A sync that fails drops the writes it should have made durable from what a later sync
// covers, though they stay visible: as Linux does.  One thread; each operation completes inline, or posted so that
// others run in between.
//
// Operations that change something are counted from 1; at a chosen one the disk fails once, or dies (it and all later
// ones fail, none does anything).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "godwit/base/random.hpp"
#include "godwit/disk/disk.hpp"

namespace godwit::test {

// What of the unsynced survives a crash.
enum class Loss {
  all,        // nothing unsynced survives
  none,       // the daemon died, not the machine: all is as it was, synced or not
  some,       // each write and each change of a name by a coin
  torn,       // each 512-byte sector of each write by a coin
  last_torn,  // everything but the sectors of the last write, each by a coin
  prefix,     // of each file the writes, and of the changes of names, up to a chosen one
  last_only,  // the last write of each file and the last change of a name
  names       // every change of a name, no write
};

class SimDisk final : public disk::Disk {
 public:
  enum class Completion { at_once, posted };
  explicit SimDisk(Completion completion = Completion::at_once) : completion_(completion) {}

  template <class T = void>
  using Task = disk::Task<T>;
  Task<std::unique_ptr<disk::File>> open(std::string path, disk::OpenMode mode, unsigned permissions = 0600) override;
  Task<> make_directories(std::string path, unsigned permissions = 0700) override;
  Task<std::vector<disk::Entry>> list(std::string directory) override;
  Task<> rename(std::string from, std::string to) override;
  Task<> link(std::string from, std::string to) override;
  Task<> remove(std::string path) override;
  Task<> sync_directory(std::string directory) override;
  Task<disk::Space> space(std::string path) override;
  Task<> set_permissions(std::string path, unsigned permissions, std::string group) override;
  Task<std::unique_ptr<disk::File>> lock(std::string path) override;

  // Power comes back: what was lost is lost, faults are forgotten, locks are free.
  void crash(Loss loss, std::uint64_t seed);
  // The same disk, no file open, for another future.
  std::unique_ptr<SimDisk> clone() const;
  // Operation number `at` fails with this errno; it has done half of its work where it can.
  void fail_at(std::uint64_t at, int code);
  // Operation number `at` and all after it never happen.
  void die_at(std::uint64_t at) { die_at_ = at; }
  // Syncs that do nothing and say they did, to prove that a test notices.
  enum class Lie { none, file_sync, directory_sync };
  void set_lie(Lie lie) { lie_ = lie; }
  // Bytes of files that fit; then ENOSPC.
  void set_capacity(std::uint64_t bytes) { capacity_ = bytes; }
  // No new file can be made (ENOSPC), though space() has plenty: as without inodes.
  void set_out_of_inodes(bool out) { out_of_inodes_ = out; }
  // Operations take different times, so that those of several tasks overtake each other.
  void set_uneven(std::uint64_t seed) { pace_.emplace(seed); }
  // Syncs take so many turns more.
  void set_slow_syncs(int of_files, int of_directories) {
    file_turns_ = of_files;
    directory_turns_ = of_directories;
  }
  // How operations wait instead, as in virtual time; empty: as above.
  using Wait = std::function<boost::asio::awaitable<void>(std::uint64_t bytes, bool is_sync)>;
  void set_wait(Wait wait) { wait_ = std::move(wait); }
  // Called with the new name of each file that was renamed.
  void on_rename(std::function<void(const std::string& to)> renamed) { on_rename_ = std::move(renamed); }
  // Called when the operation that was chosen to fail does.
  void on_failure(std::function<void()> failing) { on_failure_ = std::move(failing); }
  // Reads and writes take a turn more for each so many bytes.
  void set_speed(std::uint64_t bytes_a_turn) { bytes_a_turn_ = bytes_a_turn; }
  // This name can't be changed or removed (EPERM), until the next crash.
  void set_immovable(std::string path) { immovable_ = std::move(path); }
  std::uint64_t operations() const { return operations_; }
  // Bytes of files.
  std::uint64_t used() const;
  // How often a name with this end was given to a file.
  std::uint64_t renames_to(const std::string& suffix) const;
  void reset_operations() { operations_ = 0; }
  bool dead() const { return operations_ >= die_at_; }

  // A lock's file goes while it is held.
  void remove_lock(const std::string& path) { locked_.erase(path); }

  // As seen now, for tests that damage or inspect files.
  std::optional<std::string> contents(const std::string& path) const;
  void set_contents(const std::string& path, std::string bytes);
  // In place: who has it open sees it.  Requires: the file has that byte.
  void damage(const std::string& path, std::size_t at);
  void remove_file(const std::string& path);
  // Whoever reads it removes it, for good.  Nothing: it might still be lost at power loss.
  std::optional<std::string> take_durable(const std::string& path);
  std::vector<std::string> names() const;

 private:
  friend class SimFile;
  struct Change {
    std::uint64_t offset = 0;
    std::string bytes;
    std::optional<std::uint64_t> truncate;
  };
  struct Inode {
    std::string durable;
    std::string current;
    std::vector<Change> unsynced;
  };
  using InodePtr = std::shared_ptr<Inode>;
  struct NameChange {  // any of the two names may be empty
    std::string removed;
    std::string added;
    InodePtr inode;
  };

  boost::asio::awaitable<void> pause(std::uint64_t bytes = 0, bool is_sync = false);
  // Counts; gives the errno to fail with, or 0.
  int count();
  bool fits(const Inode& inode, std::uint64_t end) const;
  static void apply(std::string& bytes, const Change& change);
  static void apply(std::map<std::string, InodePtr>& names, const NameChange& change);
  static bool touches(const NameChange& change, const std::string& directory);
  static void lose(Inode& inode, Loss loss, base::Random& random);
  static void tear(std::string& bytes, const Change& change, base::Random& random);
  static bool name_survives(Loss loss, std::size_t at, std::size_t count, std::size_t prefix, base::Random& random);
  Task<> change_name(NameChange change);

  const Completion completion_;
  std::map<std::string, InodePtr> durable_names_;
  std::map<std::string, InodePtr> names_;
  std::vector<NameChange> unsynced_names_;
  std::set<std::string> directories_;  // durable at once, as make_directories promises
  std::set<std::string> locked_;
  std::uint64_t operations_ = 0;
  std::uint64_t die_at_ = ~std::uint64_t{0};
  std::uint64_t fail_at_ = 0;
  int fail_code_ = 0;
  Lie lie_ = Lie::none;
  std::uint64_t capacity_ = ~std::uint64_t{0};
  bool out_of_inodes_ = false;
  std::optional<base::SeededRandom> pace_;
  Wait wait_;
  std::function<void(const std::string& to)> on_rename_;
  std::function<void()> on_failure_;
  std::uint64_t bytes_a_turn_ = ~std::uint64_t{0};
  int file_turns_ = 0;
  int directory_turns_ = 0;
  std::string immovable_;
  std::vector<std::string> renamed_;
  std::uint64_t life_ = 0;  // files opened before a crash are dead
};

}  // namespace godwit::test

// SPDX-License-Identifier: Apache-2.0
#include "support/sim_disk.hpp"

#include <algorithm>
#include <cerrno>

#include "support/let_others_run.hpp"

namespace godwit::test {
namespace {

constexpr std::size_t sector = 512;

std::unexpected<base::Error> fault(const std::string& what, int code) {
  auto error = base::fail_os("simulated " + what, code);
  if (code == ENOENT) error.error().kind = base::ErrorKind::not_found;
  if (code == ENOSPC) error.error().kind = base::ErrorKind::exhausted;
  return error;
}

std::string parent_of(const std::string& path) {
  return path.substr(0, path.find_last_of('/'));
}

}  // namespace

class SimFile final : public disk::File {
 public:
  SimFile(SimDisk& disk, SimDisk::InodePtr inode, std::string path)
      : disk_(disk), inode_(std::move(inode)), path_(std::move(path)), life_(disk.life_) {}
  ~SimFile() override {
    if (lock_ && life_ == disk_.life_) disk_.locked_.erase(path_);
  }
  void hold_lock() { lock_ = true; }

  disk::Task<> write(std::uint64_t offset, std::string_view bytes) override {
    const std::string_view parts[] = {bytes};
    co_return co_await write_vector(offset, parts);
  }

  disk::Task<> write_vector(std::uint64_t offset, std::span<const std::string_view> parts) override {
    std::string bytes;
    for (const std::string_view part : parts) bytes += part;
    co_await disk_.pause(bytes.size());
    int code = begin();
    const bool full = code == 0 && !disk_.fits(*inode_, offset + bytes.size());
    if (full) code = ENOSPC;
    if (code != 0 && lost()) co_return fault("write " + path_, code);
    if (code != 0) bytes.resize(bytes.size() / 2);
    if (!full && !bytes.empty()) change({offset, std::move(bytes), {}});
    if (code != 0) co_return fault("write " + path_, code);
    co_return base::Result<>{};
  }

  disk::Task<std::size_t> read(std::uint64_t offset, std::span<char> into) override {
    const std::uint64_t there = inode_->current.size() - std::min<std::uint64_t>(offset, inode_->current.size());
    co_await disk_.pause(std::min<std::uint64_t>(into.size(), there));
    if (lost()) co_return fault("read " + path_, EIO);
    if (offset >= inode_->current.size()) co_return 0;
    const auto part = std::string_view(inode_->current).substr(offset, into.size());
    std::ranges::copy(part, into.begin());
    co_return part.size();
  }

  disk::Task<> sync() override {
    for (int turns = 0; turns <= disk_.file_turns_; ++turns) co_await disk_.pause(0, true);
    const int code = begin();
    if (code != 0 && lost()) co_return fault("sync " + path_, code);
    if (code != 0) {
      // Visible, believed clean, not on the platter: what write() changed next will be synced, this never.
      inode_->unsynced.clear();
      co_return fault("sync " + path_, code);
    }
    if (disk_.lie_ == SimDisk::Lie::file_sync) co_return base::Result<>{};
    for (const auto& one : inode_->unsynced) SimDisk::apply(inode_->durable, one);
    inode_->unsynced.clear();
    co_return base::Result<>{};
  }

  disk::Task<std::uint64_t> size() override { co_return inode_->current.size(); }

  disk::Task<> truncate(std::uint64_t size) override {
    co_await disk_.pause();
    if (const int code = begin(); code != 0) co_return fault("truncate " + path_, code);
    change({0, {}, size});
    co_return base::Result<>{};
  }

  disk::Task<bool> is_at(std::string path) override {
    if (lost()) co_return fault("stat " + path_, EIO);
    if (lock_) co_return disk_.locked_.contains(path);
    const auto found = disk_.names_.find(path);
    co_return found != disk_.names_.end() && found->second == inode_;
  }

  disk::Task<> set_permissions(unsigned) override {
    if (lost()) co_return fault("permissions " + path_, EIO);
    co_return base::Result<>{};
  }

 private:
  bool lost() const { return life_ != disk_.life_ || disk_.dead(); }
  int begin() {
    if (life_ != disk_.life_) return EIO;
    return disk_.count();
  }
  void change(SimDisk::Change one) {
    SimDisk::apply(inode_->current, one);
    inode_->unsynced.push_back(std::move(one));
  }

  SimDisk& disk_;
  SimDisk::InodePtr inode_;
  std::string path_;
  std::uint64_t life_;
  bool lock_ = false;
};

boost::asio::awaitable<void> SimDisk::pause(std::uint64_t bytes, bool is_sync) {
  if (wait_) {
    auto waiting = wait_(bytes, is_sync);
    co_await std::move(waiting);
    co_return;
  }
  if (completion_ == Completion::at_once) co_return;
  co_await let_others_run(bytes / bytes_a_turn_ + (pace_ && pace_->below(4) == 0 ? 2 + pace_->below(12) : 1));
}

int SimDisk::count() {
  ++operations_;
  if (dead()) return EIO;
  if (operations_ != fail_at_) return 0;
  if (on_failure_) on_failure_();
  return fail_code_;
}

void SimDisk::fail_at(std::uint64_t at, int code) {
  fail_at_ = at;
  fail_code_ = code;
}

std::uint64_t SimDisk::used() const {
  std::uint64_t bytes = 0;
  for (const auto& [name, inode] : names_) bytes += inode->current.size();
  return bytes;
}

bool SimDisk::fits(const Inode& inode, std::uint64_t end) const {
  if (capacity_ == ~std::uint64_t{0} || end <= inode.current.size()) return true;
  return used() + end - inode.current.size() <= capacity_;
}

void SimDisk::apply(std::string& bytes, const Change& change) {
  if (change.truncate) {
    bytes.resize(*change.truncate, '\0');
    return;
  }
  if (bytes.size() < change.offset + change.bytes.size()) bytes.resize(change.offset + change.bytes.size(), '\0');
  bytes.replace(change.offset, change.bytes.size(), change.bytes);
}

void SimDisk::apply(std::map<std::string, InodePtr>& names, const NameChange& change) {
  if (!change.removed.empty()) names.erase(change.removed);
  if (!change.added.empty()) names[change.added] = change.inode;
}

bool SimDisk::touches(const NameChange& change, const std::string& directory) {
  return (!change.removed.empty() && parent_of(change.removed) == directory) ||
         (!change.added.empty() && parent_of(change.added) == directory);
}

disk::Task<std::unique_ptr<disk::File>> SimDisk::open(std::string path, disk::OpenMode mode, unsigned) {
  co_await pause();
  const auto found = names_.find(path);
  if (mode != disk::OpenMode::create_new) {
    if (dead()) co_return fault("open " + path, EIO);
    if (found == names_.end()) co_return fault("open " + path, ENOENT);
    co_return std::make_unique<SimFile>(*this, found->second, path);
  }
  if (const int code = count(); code != 0) co_return fault("create " + path, code);
  if (out_of_inodes_) co_return fault("create " + path, ENOSPC);
  if (found != names_.end()) co_return fault("create " + path, EEXIST);
  if (!directories_.contains(parent_of(path))) co_return fault("create " + path, ENOENT);
  const auto inode = std::make_shared<Inode>();
  unsynced_names_.push_back({{}, path, inode});
  apply(names_, unsynced_names_.back());
  co_return std::make_unique<SimFile>(*this, inode, path);
}

disk::Task<> SimDisk::make_directories(std::string path, unsigned) {
  co_await pause();
  if (directories_.contains(path)) co_return base::Result<>{};
  if (const int code = count(); code != 0) co_return fault("make directory " + path, code);
  directories_.insert(path);
  co_return base::Result<>{};
}

disk::Task<std::vector<disk::Entry>> SimDisk::list(std::string directory) {
  co_await pause();
  if (dead()) co_return fault("list " + directory, EIO);
  std::vector<disk::Entry> entries;
  for (const auto& [name, inode] : names_)
    if (parent_of(name) == directory)
      entries.push_back({name.substr(directory.size() + 1), false, inode->current.size()});
  co_return entries;
}

disk::Task<> SimDisk::change_name(NameChange change) {
  co_await pause();
  const std::string what = "change name " + change.removed + change.added;
  if (!change.removed.empty() && change.removed == immovable_) co_return fault(what, EPERM);
  if (const int code = count(); code != 0) co_return fault(what, code);
  if (!change.removed.empty() && !change.added.empty()) renamed_.push_back(change.added);
  unsynced_names_.push_back(change);
  apply(names_, change);
  if (on_rename_ && !change.removed.empty() && !change.added.empty()) on_rename_(change.added);
  co_return base::Result<>{};
}

disk::Task<> SimDisk::rename(std::string from, std::string to) {
  const auto found = names_.find(from);
  if (found == names_.end()) co_return fault("rename " + from, ENOENT);
  // Named, because g++ 12 destroys braced temporaries of a co_await expression twice.
  NameChange change{from, to, found->second};
  co_return co_await change_name(std::move(change));
}

disk::Task<> SimDisk::link(std::string from, std::string to) {
  const auto found = names_.find(from);
  if (found == names_.end()) co_return fault("link " + from, ENOENT);
  if (names_.contains(to)) co_return fault("link " + to, EEXIST);
  NameChange change{{}, to, found->second};
  co_return co_await change_name(std::move(change));
}

disk::Task<> SimDisk::remove(std::string path) {
  if (!names_.contains(path)) co_return fault("remove " + path, ENOENT);
  NameChange change{path, {}, nullptr};
  co_return co_await change_name(std::move(change));
}

disk::Task<> SimDisk::sync_directory(std::string directory) {
  for (int turns = 0; turns <= directory_turns_; ++turns) co_await pause(0, true);
  if (const int code = count(); code != 0) co_return fault("sync " + directory, code);
  if (lie_ == Lie::directory_sync) co_return base::Result<>{};
  std::erase_if(unsynced_names_, [&](const NameChange& change) {
    if (!touches(change, directory)) return false;
    apply(durable_names_, change);
    return true;
  });
  co_return base::Result<>{};
}

disk::Task<disk::Space> SimDisk::space(std::string path) {
  co_await pause();
  if (dead()) co_return fault("space " + path, EIO);
  const std::uint64_t total = std::min(capacity_, std::uint64_t{1} << 40U);
  co_return disk::Space{total - std::min(total, used()), total};
}

disk::Task<> SimDisk::set_permissions(std::string path, unsigned, std::string) {
  if (!names_.contains(path)) co_return fault("permissions " + path, ENOENT);
  co_return base::Result<>{};
}

disk::Task<std::unique_ptr<disk::File>> SimDisk::lock(std::string path) {
  co_await pause();
  if (dead()) co_return fault("lock " + path, EIO);
  if (!locked_.insert(path).second)
    co_return base::fail(base::ErrorKind::refused, path + " is held by process 1", EWOULDBLOCK);
  // Nobody cares whether a lock file survives: no operation is counted.
  auto file = std::make_unique<SimFile>(*this, std::make_shared<Inode>(), path);
  file->hold_lock();
  co_return std::unique_ptr<disk::File>(std::move(file));
}

void SimDisk::tear(std::string& bytes, const Change& change, base::Random& random) {
  for (std::size_t at = 0; at < change.bytes.size();) {
    const std::size_t size = std::min(sector - (change.offset + at) % sector, change.bytes.size() - at);
    if (random.below(2) == 0) apply(bytes, Change{change.offset + at, change.bytes.substr(at, size), {}});
    at += size;
  }
}

void SimDisk::lose(Inode& inode, Loss loss, base::Random& random) {
  const std::size_t count = inode.unsynced.size();
  const std::size_t prefix = loss == Loss::prefix ? random.below(count + 1) : 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Change& change = inode.unsynced[i];
    const bool last = i + 1 == count;
    if (!change.truncate && (loss == Loss::torn || (loss == Loss::last_torn && last)))
      tear(inode.durable, change, random);
    else if (loss == Loss::last_torn || (loss == Loss::prefix && i < prefix) || (loss == Loss::last_only && last) ||
             ((loss == Loss::some || loss == Loss::torn) && random.below(2) == 0))
      apply(inode.durable, change);
  }
}

bool SimDisk::name_survives(Loss loss, std::size_t at, std::size_t count, std::size_t prefix, base::Random& random) {
  switch (loss) {
    case Loss::last_torn:
    case Loss::names:
    case Loss::none:
      return true;
    case Loss::prefix:
      return at < prefix;
    case Loss::last_only:
      return at + 1 == count;
    case Loss::some:
    case Loss::torn:
      return random.below(2) == 0;
    case Loss::all:
      break;
  }
  return false;
}

void SimDisk::crash(Loss loss, std::uint64_t seed) {
  locked_.clear();
  die_at_ = ~std::uint64_t{0};
  fail_at_ = 0;
  immovable_.clear();
  ++life_;
  if (loss == Loss::none) return;  // the kernel lives on, and what it has not written it may still lose
  base::SeededRandom random(seed);
  std::set<InodePtr> seen;  // one inode may have several names; only membership is asked
  const auto settle = [&](const InodePtr& inode) {
    if (!inode || !seen.insert(inode).second) return;
    lose(*inode, loss, random);
    inode->unsynced.clear();
    inode->current = inode->durable;
  };
  for (const auto& [name, inode] : durable_names_) settle(inode);
  for (const auto& [name, inode] : names_) settle(inode);
  const std::size_t count = unsynced_names_.size();
  const std::size_t prefix = loss == Loss::prefix ? random.below(count + 1) : 0;
  for (std::size_t i = 0; i < count; ++i) {
    const NameChange& change = unsynced_names_[i];
    settle(change.inode);
    if (!name_survives(loss, i, count, prefix, random)) continue;
    // A rename whose source never got its name gives the file its new one all the same.
    apply(durable_names_, change);
  }
  unsynced_names_.clear();
  names_ = durable_names_;
}

std::unique_ptr<SimDisk> SimDisk::clone() const {
  auto copy = std::make_unique<SimDisk>(completion_);
  std::map<InodePtr, InodePtr> copies;  // looked up only
  const auto copy_of = [&copies](const InodePtr& inode) -> InodePtr {
    if (!inode) return nullptr;
    InodePtr& there = copies[inode];
    if (!there) there = std::make_shared<Inode>(*inode);
    return there;
  };
  for (const auto& [name, inode] : durable_names_) copy->durable_names_[name] = copy_of(inode);
  for (const auto& [name, inode] : names_) copy->names_[name] = copy_of(inode);
  for (const NameChange& change : unsynced_names_)
    copy->unsynced_names_.push_back({change.removed, change.added, copy_of(change.inode)});
  copy->directories_ = directories_;
  copy->capacity_ = capacity_;
  return copy;
}

std::uint64_t SimDisk::renames_to(const std::string& suffix) const {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(renamed_, [&](const std::string& name) { return name.ends_with(suffix); }));
}

std::optional<std::string> SimDisk::contents(const std::string& path) const {
  const auto found = names_.find(path);
  if (found == names_.end()) return {};
  return found->second->current;
}

void SimDisk::set_contents(const std::string& path, std::string bytes) {
  const auto inode = std::make_shared<Inode>();
  inode->current = inode->durable = std::move(bytes);
  names_[path] = durable_names_[path] = inode;
}

void SimDisk::damage(const std::string& path, std::size_t at) {
  Inode& inode = *names_.at(path);
  for (std::string* bytes : {&inode.current, &inode.durable}) {
    bytes->resize(inode.current.size());
    bytes->at(at) = static_cast<char>(bytes->at(at) ^ 0x40);
  }
}

void SimDisk::remove_file(const std::string& path) {
  names_.erase(path);
  durable_names_.erase(path);
}

std::optional<std::string> SimDisk::take_durable(const std::string& path) {
  const auto found = names_.find(path);
  const auto durable = durable_names_.find(path);
  if (found == names_.end() || durable == durable_names_.end() || found->second != durable->second) return {};
  if (found->second->current != found->second->durable) return {};
  const bool changing = std::ranges::any_of(
      unsynced_names_, [&](const NameChange& change) { return change.removed == path || change.added == path; });
  if (changing) return {};
  auto bytes = found->second->durable;
  remove_file(path);
  return bytes;
}

std::vector<std::string> SimDisk::names() const {
  std::vector<std::string> all;
  for (const auto& [name, inode] : names_) all.push_back(name);
  return all;
}

}  // namespace godwit::test

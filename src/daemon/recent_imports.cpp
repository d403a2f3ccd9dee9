// SPDX-License-Identifier: Apache-2.0
#include "recent_imports.hpp"

#include "godwit/base/checksum.hpp"

namespace godwit::daemon {

RecentImports::Key RecentImports::key_of(const mail::ExportFile& file) {
  return {.id = file.id, .crc = base::crc32c(mail::encode(file))};
}

std::optional<base::MessageId> RecentImports::find(const Key& key) const {
  const auto found = imports_.find(key);
  return found == imports_.end() ? std::nullopt : found->second;
}

RecentImports::Turn::~Turn() {
  imports_.end(key_, id_);
}

void RecentImports::end(const Key& key, std::optional<base::MessageId> id) {
  if (!id) {
    imports_.erase(key);
    return;
  }
  imports_[key] = id;
  done_.push_back(key);
  if (done_.size() <= most_) return;
  imports_.erase(done_.front());
  done_.pop_front();
}

}  // namespace godwit::daemon

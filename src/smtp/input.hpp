// SPDX-License-Identifier: Apache-2.0
// The bytes a server session was given and did not take yet.  Between two calls of next() they are kept here; within
// one they are a view, so that what is taken at once (nearly all of a message) is never copied.  A drained buffer is
// wiped and freed: an idle connection holds none, and no password stays in it.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace godwit::smtp {

// Overwrites what a string holds or held; for passwords.
inline void wipe(std::string& text) {
  text.resize(text.capacity());
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

class Input {
 public:
  // Begins a call of next(): `bytes` came after all that is kept.
  void offer(std::string_view bytes) {
    if (kept_.empty()) {
      unread_ = bytes;
      return;
    }
    if (!bytes.empty()) {
      std::string joined;
      joined.reserve(kept_.size() - begin_ + bytes.size());
      joined.append(kept_, begin_).append(bytes);
      wipe(kept_);
      kept_ = std::move(joined);
      begin_ = 0;
    }
    unread_ = std::string_view(kept_).substr(begin_);
  }
  // What is there; the reader removes from its front what it takes.
  std::string_view& unread() { return unread_; }
  // Ends a call of next().
  void keep() {
    if (unread_.empty()) {
      if (!kept_.empty()) wipe(kept_);
      std::string().swap(kept_);  // an assignment would keep its memory
      begin_ = 0;
    } else if (kept_.empty()) {
      kept_.assign(unread_);
    } else {
      begin_ = kept_.size() - unread_.size();
    }
    unread_ = {};
  }

 private:
  std::string kept_;
  std::size_t begin_ = 0;  // of kept_, the first byte not taken
  std::string_view unread_;
};

}  // namespace godwit::smtp

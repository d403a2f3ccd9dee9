// SPDX-License-Identifier: Apache-2.0
// A set of things to end together.  Whoever waits registers a hook that ends its wait; cancel() calls the hooks, in the
// order of registration, and every later hook at once.  One reactor; never blocks.
#pragma once

#include <functional>

namespace godwit::net {

class Canceller {
 public:
  Canceller() = default;
  Canceller(const Canceller&) = delete;
  Canceller& operator=(const Canceller&) = delete;
  ~Canceller();  // hooks that are left are only forgotten

  void cancel();
  bool cancelled() const { return cancelled_; }

  // Registered while it lives.  `action` must not destroy the Canceller; it may destroy hooks.
  class Hook {
   public:
    Hook(Canceller* canceller, std::function<void()> action);  // null: does nothing
    ~Hook();
    Hook(const Hook&) = delete;
    Hook& operator=(const Hook&) = delete;

   private:
    friend class Canceller;
    void unlink();

    Canceller* canceller_;
    std::function<void()> action_;
    Hook* before_ = nullptr;
    Hook* after_ = nullptr;
  };

 private:
  Hook* first_ = nullptr;
  Hook* last_ = nullptr;
  bool cancelled_ = false;
};

}  // namespace godwit::net

// SPDX-License-Identifier: Apache-2.0
// The daemon's end of the way to the process with its private keys.  Files are asked for one after the other, on a
// socket of their own: one that hangs holds up nobody who signs, and who asks for others fails at once until it has
// been answered.  Signatures have a socket for each thread that may want one; whoever finds none free waits for one,
// and nobody waits longer than `patience`.
//
// Once a signature was not made in time, or the other side has ended, none is asked for any more: `on_lost` has been
// called, and the daemon should end.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/net/file_descriptor.hpp"
#include "godwit/net/key_holder.hpp"
#include "key_messages.hpp"

namespace godwit::daemon {

class KeyChannel final : public net::KeyHolder {
 public:
  // `files` and `signing` are SOCK_SEQPACKET sockets, of which a KeyServer answers the other ends; on_lost: any thread,
  // once.
  KeyChannel(net::FileDescriptor files, std::vector<net::FileDescriptor> signing, base::Duration patience,
             std::function<void()> on_lost);
  ~KeyChannel() override;

  base::Result<net::PkeyPtr> private_key(const std::string& path) const override;
  base::Result<std::string> certificates(const std::string& path) const override;
  base::Result<> readable(const std::string& path) const override;
  base::Result<net::FileStamp> stamp(const std::string& path) const override;

 private:
  class State;
  class Signer;
  base::Result<KeyReply> ask(KeyTask task, const std::string& path) const;
  std::shared_ptr<State> state_;  // keys outlive this
};

}  // namespace godwit::daemon

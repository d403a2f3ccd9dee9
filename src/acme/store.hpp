// SPDX-License-Identifier: Apache-2.0
// The files of state.directory/acme, mode 0600, each replaced as a whole and synced.  In the order in which they are
// written:  account.key → account → private_key.pem → order → certificate.pem.  So a crash leaves no certificate whose
// key is lost: the key is on the disk before its order is, and certificate.pem has both, to be replaced at one stroke.
// Home reactor; private to acme/.
#pragma once

#include <string>

#include "godwit/acme/certificate_file.hpp"
#include "godwit/state/small_file.hpp"
#include "records.hpp"

namespace godwit::acme {

class Store {
 public:
  // `state_directory`: our folder is in it.
  Store(const std::string& state_directory, disk::Disk& disk, const boost::asio::any_io_executor& pool)
      : account_key_(folder_in(state_directory), "account.key", disk, pool),
        account_(folder_in(state_directory), "account", disk, pool),
        private_key_(folder_in(state_directory), "private_key.pem", disk, pool),
        order_(folder_in(state_directory), "order", disk, pool),
        certificate_(folder_in(state_directory), certificate_name, disk, pool),
        attempts_(folder_in(state_directory), attempts_name, disk, pool) {}

  state::SmallFile& account_key() { return account_key_; }
  state::SmallFile& account() { return account_; }
  state::SmallFile& private_key() { return private_key_; }  // of the order under way, or the last one
  state::SmallFile& order() { return order_; }
  state::SmallFile& certificate() { return certificate_; }
  state::SmallFile& attempts() { return attempts_; }

 private:
  state::SmallFile account_key_, account_, private_key_, order_, certificate_, attempts_;
};

}  // namespace godwit::acme

// SPDX-License-Identifier: Apache-2.0
// The client that hands over one file of the maildrop.  Its owner may change it meanwhile: what is cut is never ended,
// what is added is left out.  One reactor; the file is read on the pool.
#pragma once

#include <memory>
#include <string>

#include "godwit/disk/drop_folder.hpp"
#include "godwit/mail/maildrop_file.hpp"
#include "godwit/net/worker_pool.hpp"
#include "transaction_client.hpp"

namespace godwit::server {

// The pool outlives it.
std::unique_ptr<TransactionClient> maildrop_client(std::shared_ptr<const disk::DroppedFile> file,
                                                   const mail::DecodedMaildrop& content, std::string hostname,
                                                   net::BoundedPool& pool);

}  // namespace godwit::server

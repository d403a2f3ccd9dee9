// SPDX-License-Identifier: Apache-2.0
// Where the authority looks for the answer to a challenge (RFC 8555 section 8).  Home reactor; private to acme/.
#pragma once

#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "godwit/acme/settings.hpp"
#include "godwit/base/result.hpp"
#include "godwit/disk/disk.hpp"
#include "godwit/net/reactor.hpp"
#include "ordering.hpp"

namespace godwit::acme {

class Responder {
 public:
  virtual ~Responder() = default;
  // When it completes the answer can be had.  Errors: refused (the port is taken, or not allowed), io; the text says
  // what to do.
  virtual boost::asio::awaitable<base::Result<>> publish(action::Publish what) = 0;
  // Nothing can be had any more when it completes; also where nothing was.
  virtual boost::asio::awaitable<void> withdraw() = 0;
};

struct ResponderParts {
  net::Reactor& reactor;
  disk::Disk& disk;
  boost::asio::any_io_executor pool;  // for the disk
  const base::Clock& clock;
};
std::unique_ptr<Responder> make_responder(const Settings& settings, ResponderParts parts);

// What is answered to a request (as far as its header) for the one thing that there is.  Pure.
std::string challenge_answer(std::string_view request, const action::Publish& what);

}  // namespace godwit::acme

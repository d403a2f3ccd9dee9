// SPDX-License-Identifier: Apache-2.0
#include "tls_bio.hpp"

#include <algorithm>
#include <cstring>

namespace godwit::net {
namespace {

TlsLower& lower_of(BIO* bio) {
  return *static_cast<TlsLower*>(BIO_get_data(bio));
}

void remember_first(TlsLower& lower, const char* bytes, std::size_t size) {
  const std::size_t more = std::min(size, lower.first.size() - lower.first_size);
  std::memcpy(lower.first.data() + lower.first_size, bytes, more);
  lower.first_size = static_cast<std::uint8_t>(lower.first_size + more);
}

int read_bio(BIO* bio, char* into, std::size_t size, std::size_t* done) {
  TlsLower& lower = lower_of(bio);
  BIO_clear_retry_flags(bio);
  const IoResult result = lower.stream->try_read({into, size});
  switch (result.status) {
    case IoResult::Status::ok:
      remember_first(lower, into, result.bytes);
      *done = result.bytes;
      return 1;
    case IoResult::Status::would_block:
      BIO_set_retry_read(bio);
      return 0;
    case IoResult::Status::end:
      lower.ended = true;
      return 0;
    case IoResult::Status::failed:
      lower.os_error = result.os_error;
      return 0;
  }
  return 0;
}

int write_bio(BIO* bio, const char* bytes, std::size_t size, std::size_t* done) {
  TlsLower& lower = lower_of(bio);
  BIO_clear_retry_flags(bio);
  const IoResult result = lower.stream->try_write({bytes, size});
  if (result.status == IoResult::Status::ok) {
    *done = result.bytes;
    return 1;
  }
  if (result.status == IoResult::Status::would_block) BIO_set_retry_write(bio);
  if (result.status == IoResult::Status::failed) lower.os_error = result.os_error;
  return 0;
}

long control_bio(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return lower_of(bio).ended ? 1 : 0;
  return 0;
}

// A table of functions, the same for the whole process and never changed.
const BIO_METHOD* stream_bio_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
    BIO_meth_set_read_ex(made, &read_bio);
    BIO_meth_set_write_ex(made, &write_bio);
    BIO_meth_set_ctrl(made, &control_bio);
    return made;
  }();
  return method;
}

}  // namespace

BioPtr make_stream_bio(TlsLower& lower) {
  BioPtr bio(BIO_new(stream_bio_method()));
  if (!bio) return bio;
  BIO_set_data(bio.get(), &lower);
  BIO_set_init(bio.get(), 1);
  return bio;
}

}  // namespace godwit::net

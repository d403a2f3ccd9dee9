// SPDX-License-Identifier: Apache-2.0
#include "tls_stream.hpp"

#include <cerrno>
#include <new>

#include <fmt/format.h>
#include <openssl/err.h>

#include "certificate.hpp"
#include "godwit/base/text.hpp"
#include "tls_bio.hpp"

namespace godwit::net {
namespace {

// RFC 9266; empty where the session has no unique master secret (TLS 1.2 without RFC 7627).
std::string channel_binding(SSL& session) {
  constexpr std::string_view label = "EXPORTER-Channel-Binding";
  if (SSL_version(&session) < TLS1_3_VERSION && SSL_get_extms_support(&session) != 1) return {};
  std::string bytes(32, '\0');
  const int made = SSL_export_keying_material(&session, reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(),
                                              label.data(), label.size(), nullptr, 0, 1);
  return made == 1 ? bytes : std::string();
}

// RFC 5929 section 4.1: the hash of the server's certificate by the hash function of its signature, SHA-256 in place of
// MD5 and SHA-1; empty where the signature has none of its own (Ed25519).
std::string end_point(SSL& session) {
  X509* certificate =
      SSL_is_server(&session) == 1 ? SSL_get_certificate(&session) : SSL_get0_peer_certificate(&session);
  int digest = NID_undef;
  if (certificate == nullptr || X509_get_signature_info(certificate, &digest, nullptr, nullptr, nullptr) != 1)
    return {};
  if (digest == NID_md5 || digest == NID_sha1) digest = NID_sha256;
  const EVP_MD* method = EVP_get_digestbynid(digest);
  std::string bytes(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  if (method == nullptr || X509_digest(certificate, method, reinterpret_cast<unsigned char*>(bytes.data()), &size) != 1)
    return {};
  bytes.resize(size);
  return bytes;
}

bool is_connection_loss(int code) {
  return code == ECONNRESET || code == EPIPE;
}

}  // namespace

TlsStream::TlsStream(std::unique_ptr<Stream> lower, SslPtr session)
    : stream_(std::move(lower)), session_(std::move(session)) {
  lower_.stream = stream_.get();
  BIO* bio = make_stream_bio(lower_).release();
  if (bio == nullptr) throw std::bad_alloc();
  SSL_set_bio(session_.get(), bio, bio);
}

TlsStream::~TlsStream() = default;

Task<> TlsStream::handshake(base::MonoTime deadline) {
  for (;;) {
    ERR_clear_error();
    const int result = SSL_do_handshake(session_.get());
    if (result == 1) break;
    const int wanted = SSL_get_error(session_.get(), result);
    base::Result<> ready;
    if (wanted == SSL_ERROR_WANT_READ) {
      ready = co_await stream_->readable(deadline);
    } else if (wanted == SSL_ERROR_WANT_WRITE) {
      ready = co_await stream_->writable(deadline);
    } else {
      failure_ = EPROTO;
      stream_->shutdown();  // after the alert that OpenSSL may have sent
      co_return std::unexpected(handshake_error());
    }
    if (!ready) {
      failure_ = ECONNABORTED;
      ready.error().message = "TLS handshake: " + ready.error().message;
      co_return std::unexpected(std::move(ready.error()));
    }
  }
  describe();
  co_return base::Result<>();
}

base::Error TlsStream::handshake_error() const {
  const int reason = ERR_GET_REASON(ERR_peek_error());
  const bool certificate = reason == SSL_R_CERTIFICATE_VERIFY_FAILED;
  std::string why = take_openssl_error();
  const std::string_view first(lower_.first.data(), lower_.first_size);
  constexpr char alert_record = 0x15;
  constexpr char handshake_record = 0x16;
  if (!first.empty() && first[0] != handshake_record && first[0] != alert_record)
    return {base::ErrorKind::refused, fmt::format("not TLS: the peer's first bytes are \"{}\"", base::printable(first)),
            0};
  if (lower_.os_error != 0) {
    auto failure = base::fail_os("TLS handshake", lower_.os_error).error();
    if (is_connection_loss(lower_.os_error)) failure.kind = base::ErrorKind::closed;
    return failure;
  }
  if (lower_.ended && (why.empty() || reason == SSL_R_UNEXPECTED_EOF_WHILE_READING))
    return {base::ErrorKind::closed, "peer closed during handshake", 0};
  if (certificate) why += fmt::format(": {}", X509_verify_cert_error_string(SSL_get_verify_result(session_.get())));
  return {base::ErrorKind::refused, why.empty() ? "TLS handshake failed" : why, 0};
}

void TlsStream::describe() {
  SSL& session = *session_;
  info_.version = SSL_get_version(&session);
  info_.cipher = SSL_get_cipher_name(&session);
  info_.channel_binding = channel_binding(session);
  info_.end_point = end_point(session);
  const char* name = SSL_get_servername(&session, TLSEXT_NAMETYPE_host_name);
  if (name != nullptr) info_.server_name = name;
  const X509* peer = SSL_get0_peer_certificate(&session);
  if (peer == nullptr) return;
  info_.peer_subject = subject_of(*peer);
  const long verified = SSL_get_verify_result(&session);
  info_.verify = verified == X509_V_OK ? "ok" : X509_verify_cert_error_string(verified);
}

PeerNames TlsStream::peer_names() const {
  const X509* peer = SSL_get0_peer_certificate(session_.get());
  if (peer == nullptr) return {};
  return {.addresses = addresses_of(*peer), .common_name = common_name_of(*peer)};
}

PeerNames peer_names(const Stream& stream) {
  const auto* secured = dynamic_cast<const TlsStream*>(&stream);
  return secured != nullptr ? secured->peer_names() : PeerNames();
}

// A try that gave no bytes: why, and what to wait for.
IoResult TlsStream::refused(int result, Wants& wants) {
  switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      wants = Wants::read;
      return {.status = IoResult::Status::would_block};
    case SSL_ERROR_WANT_WRITE:
      wants = Wants::write;
      return {.status = IoResult::Status::would_block};
    case SSL_ERROR_ZERO_RETURN:
      ended_ = true;
      return {.status = IoResult::Status::end};
    default:
      break;
  }
  ERR_clear_error();
  failure_ = EPROTO;
  // Without close_notify the end may be an attacker's cut.
  if (lower_.ended) failure_ = ECONNRESET;
  if (lower_.os_error != 0) failure_ = lower_.os_error;
  return {.status = IoResult::Status::failed, .os_error = failure_};
}

IoResult TlsStream::try_read(std::span<char> into) {
  if (failure_ != 0) return {.status = IoResult::Status::failed, .os_error = failure_};
  if (ended_) return {.status = IoResult::Status::end};
  ERR_clear_error();
  std::size_t bytes = 0;
  const int result = SSL_read_ex(session_.get(), into.data(), into.size(), &bytes);
  if (result != 1) return refused(result, read_wants_);
  read_wants_ = Wants::nothing;
  return {.status = IoResult::Status::ok, .bytes = bytes};
}

IoResult TlsStream::try_write(std::string_view bytes) {
  if (failure_ != 0) return {.status = IoResult::Status::failed, .os_error = failure_};
  ERR_clear_error();
  std::size_t written = 0;
  const int result = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &written);
  if (result != 1) return refused(result, write_wants_);
  write_wants_ = Wants::nothing;
  return {.status = IoResult::Status::ok, .bytes = written};
}

// OpenSSL reads ahead, so the socket may be dry while bytes lie here: only a try that said would_block may wait.
Task<> TlsStream::readable(base::MonoTime deadline) {
  switch (std::exchange(read_wants_, Wants::nothing)) {
    case Wants::read:
      return stream_->readable(deadline);
    case Wants::write:
      return stream_->writable(deadline);
    case Wants::nothing:
      break;
  }
  return []() -> Task<> { co_return base::Result<>(); }();
}

void TlsStream::park(base::MonoTime deadline, Wake then) {
  read_wants_ = Wants::nothing;
  stream_->park(deadline, std::move(then));
}

Task<> TlsStream::writable(base::MonoTime deadline) {
  if (std::exchange(write_wants_, Wants::nothing) == Wants::read) return stream_->readable(deadline);
  return stream_->writable(deadline);
}

void TlsStream::shutdown() {
  if (failure_ == 0 && SSL_is_init_finished(session_.get()) == 1) {
    ERR_clear_error();
    SSL_shutdown(session_.get());  // close_notify, as far as it goes without waiting
    ERR_clear_error();
  }
  stream_->shutdown();
}

}  // namespace godwit::net

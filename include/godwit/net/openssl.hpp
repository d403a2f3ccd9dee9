// SPDX-License-Identifier: Apache-2.0
// OpenSSL's objects with owners, and its errors as text: for who makes keys and certificates.  Any thread; what fails
// gives null, and take_openssl_error() says why.
#pragma once

#include <memory>
#include <string>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace godwit::net {

template <auto free_function>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free_function(object);
  }
};

using BioPtr = std::unique_ptr<BIO, Free<&BIO_free_all>>;
using PkeyPtr = std::unique_ptr<EVP_PKEY, Free<&EVP_PKEY_free>>;
using SslCtxPtr = std::unique_ptr<SSL_CTX, Free<&SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Free<&SSL_free>>;
using X509Ptr = std::unique_ptr<X509, Free<&X509_free>>;

// The oldest error of this thread's queue, in words, and an empty queue.  "" if there is none.
std::string take_openssl_error();

}  // namespace godwit::net

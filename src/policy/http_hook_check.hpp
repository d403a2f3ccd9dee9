// SPDX-License-Identifier: Apache-2.0
// A check that asks a URL (docs/http-hook.md).
#pragma once

#include <memory>

#include "godwit/net/tls.hpp"
#include "godwit/net/url.hpp"
#include "godwit/policy/check.hpp"
#include "godwit/policy/hook_settings.hpp"

namespace godwit::policy {

// tls: for a URL that is https.
std::shared_ptr<Check> make_http_hook_check(std::shared_ptr<const HttpHookSettings> settings, net::Url url,
                                            std::shared_ptr<const net::TlsClientContext> tls,
                                            const CheckSurroundings& around);

}  // namespace godwit::policy

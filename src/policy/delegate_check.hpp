// SPDX-License-Identifier: Apache-2.0
// A check that asks a policy server as Postfix does (delegation.hpp): over kept connections, on each one question after
// another.
#pragma once

#include <memory>

#include "godwit/policy/check.hpp"
#include "godwit/policy/hook_settings.hpp"

namespace godwit::policy {

std::shared_ptr<Check> make_delegate_check(std::shared_ptr<const DelegateSettings> settings,
                                           const CheckSurroundings& around);

}  // namespace godwit::policy

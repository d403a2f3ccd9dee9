// SPDX-License-Identifier: Apache-2.0
// Whom the services of master.cf let in, as their lists of restrictions say: Godwit has one policy and one list of
// trusted networks for all listeners of service mx, so what differs between them is found here.  Pure.
#pragma once

#include <string_view>
#include <vector>

#include "postfix_context.hpp"

namespace godwit::setup::postfix {

// Whether the restriction is followed by an argument.
bool takes_argument(std::string_view restriction);

// The smtpd that speaks for a service of the network: behind postscreen one of type pass.  Null: none.
const Service* smtpd_of(const Context& context, const Service& service);

// Refuses whoever it does not know, by lists of its own (-o): as a listener of service mx it would be open to them.
bool refuses_strangers(const Context& context, const Service& service);

// Those that become listeners of service mx.
std::vector<const Service*> mx_servers(const Context& context);

// The one whose lists become the policy: on port 25, if it can be.  Null: main.cf alone.
const Service* leading_smtpd(const Context& context);

// Remarks: what lists of other services say otherwise than those of the leading one.
void name_other_policies(Context& context, const Service* leading);

// Whether who is in mynetworks may send to everywhere.
bool lets_networks_relay(const View& view);

}  // namespace godwit::setup::postfix

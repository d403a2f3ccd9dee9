// SPDX-License-Identifier: Apache-2.0
// Transports that speak SMTP to others: which one is the usual one, whose settings become `delivery`, and what both
// `delivery` and a route can say of a transport.  Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "postfix_context.hpp"

namespace godwit::setup::postfix {

// The one of default_transport.  Null: it is none that speaks SMTP, or master.cf has none of its name.
const Service* usual_transport(const Context& context);
// main.cf alone where there is none.
View view_of_usual_transport(const Context& context);
// Whether mail can come to it: the usual one, and those that transport_maps or relay_transport name.
bool is_transport_used(const Context& context, const Service& service);

// Words of a list of source addresses in YAML, from smtp_bind_address, smtp_bind_address6 and smtp_helo_name.
std::vector<std::string> source_addresses(Context& context, const View& view, Section section);
// Of inet_protocols and smtp_address_preference.  Nothing: as it comes.
std::optional<std::string> address_family(const View& view);

}  // namespace godwit::setup::postfix

// SPDX-License-Identifier: Apache-2.0
// What is called of libldap.  Any thread.
#pragma once

#include <ldap.h>
#include <openldap.h>

#include "shared_library.hpp"

namespace godwit::lookup {

class Libldap : public SharedLibrary {
 public:
  Libldap() : SharedLibrary(GODWIT_LIBLDAP) {}

  decltype(&::ldap_get_option) get_option = symbol("ldap_get_option");
  decltype(&::ldap_memfree) memfree = symbol("ldap_memfree");
  decltype(&::ldap_err2string) err2string = symbol("ldap_err2string");
  decltype(&::ldap_sasl_bind_s) sasl_bind_s = symbol("ldap_sasl_bind_s");
  decltype(&::ldap_msgfree) msgfree = symbol("ldap_msgfree");
  decltype(&::ldap_get_values_len) get_values_len = symbol("ldap_get_values_len");
  decltype(&::ldap_value_free_len) value_free_len = symbol("ldap_value_free_len");
  decltype(&::ldap_get_dn) get_dn = symbol("ldap_get_dn");
  decltype(&::ldap_unbind_ext_s) unbind_ext_s = symbol("ldap_unbind_ext_s");
  decltype(&::ldap_set_option) set_option = symbol("ldap_set_option");
  decltype(&::ldap_url_parse) url_parse = symbol("ldap_url_parse");
  decltype(&::ldap_free_urldesc) free_urldesc = symbol("ldap_free_urldesc");
  decltype(&::ldap_initialize) initialize = symbol("ldap_initialize");
  decltype(&::ldap_init_fd) init_fd = symbol("ldap_init_fd");
  decltype(&::ldap_install_tls) install_tls = symbol("ldap_install_tls");
  decltype(&::ldap_start_tls_s) start_tls_s = symbol("ldap_start_tls_s");
  decltype(&::ldap_search_ext_s) search_ext_s = symbol("ldap_search_ext_s");
  decltype(&::ldap_count_entries) count_entries = symbol("ldap_count_entries");
  decltype(&::ldap_first_entry) first_entry = symbol("ldap_first_entry");
  decltype(&::ldap_next_entry) next_entry = symbol("ldap_next_entry");
};

inline const Libldap& libldap() {
  static const Libldap library;
  return library;
}

}  // namespace godwit::lookup

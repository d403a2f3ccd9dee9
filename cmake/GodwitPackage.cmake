# SPDX-License-Identifier: Apache-2.0
# cpack --config build/release/CPackConfig.cmake makes a package for Debian: what is installed, and the configuration.
set(GODWIT_MAINTAINER "The Godwit developers <godwit@localhost>" CACHE STRING "Who maintains the package")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME godwit)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT ${GODWIT_MAINTAINER})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "mail transfer agent")
set(CPACK_PACKAGE_DESCRIPTION
    "Godwit accepts mail on ports 25, 587 and 465, keeps every message it acknowledged
until each recipient has it or the sender knows why not, and delivers it: through
DNS, to a next hop by rule, to an LMTP store, or into Maildirs.")
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
# The configuration lies outside of the prefix.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_CMAKE_PROJECTS "${CMAKE_BINARY_DIR};${PROJECT_NAME};ALL;/"
                                 "${CMAKE_BINARY_DIR};${PROJECT_NAME};configuration;/")

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION mail)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "ca-certificates, systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles")
# Libraries for LDAP and PostgreSQL are loaded where they are configured, which dpkg-shlibdeps does not see.
# Where there is no dpkg, or it does not know them, no package is made of this either (package_is_built holds it to both).
get_property(godwit_loaded GLOBAL PROPERTY GODWIT_LOADED_LIBRARIES)
find_program(DPKG_QUERY dpkg-query)
foreach(file IN LISTS godwit_loaded)
  if(DPKG_QUERY)
    execute_process(COMMAND ${DPKG_QUERY} -S ${file} OUTPUT_VARIABLE owner ERROR_QUIET)
    if(owner MATCHES "^([^:]+):")
      list(APPEND godwit_loaded_packages ${CMAKE_MATCH_1})
    endif()
  endif()
endforeach()
list(JOIN godwit_loaded_packages ", " CPACK_DEBIAN_PACKAGE_RECOMMENDS)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "unbound, certbot, dovecot-lmtpd, fail2ban")
# It brings /usr/sbin/sendmail, as every other one does.
set(CPACK_DEBIAN_PACKAGE_PROVIDES mail-transport-agent)
set(CPACK_DEBIAN_PACKAGE_CONFLICTS mail-transport-agent)
set(CPACK_DEBIAN_PACKAGE_REPLACES mail-transport-agent)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${CMAKE_SOURCE_DIR}/packaging/debian/conffiles ${CMAKE_SOURCE_DIR}/packaging/debian/postinst
    ${CMAKE_SOURCE_DIR}/packaging/debian/prerm ${CMAKE_SOURCE_DIR}/packaging/debian/postrm)
include(CPack)

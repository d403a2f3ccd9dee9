# SPDX-License-Identifier: Apache-2.0
# cmake --install build/release --prefix /usr puts everything where the systemd unit expects it.
include(GNUInstallDirs)

install(TARGETS godwitd RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
# As /usr/sbin/sendmail has its other names everywhere.
install(TARGETS sendmail RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(
  CODE "
  file(MAKE_DIRECTORY \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
  foreach(name mailq newaliases)
    file(CREATE_LINK ../sbin/sendmail \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/\${name}\" SYMBOLIC)
  endforeach()")
install(TARGETS godwitctl RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${GODWIT_DOCUMENTS}/godwitctl.1 ${GODWIT_DOCUMENTS}/sendmail.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${GODWIT_DOCUMENTS}/godwit.yaml.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES ${GODWIT_DOCUMENTS}/godwitd.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(
  CODE "
  foreach(name mailq newaliases)
    file(CREATE_LINK sendmail.1 \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_MANDIR}/man1/\${name}.1\" SYMBOLIC)
  endforeach()")
install(FILES ${GODWIT_DOCUMENTS}/godwitctl.bash DESTINATION share/bash-completion/completions RENAME godwitctl)
install(FILES ${GODWIT_DOCUMENTS}/godwitctl.fish DESTINATION share/fish/vendor_completions.d)
install(FILES ${GODWIT_DOCUMENTS}/_godwitctl DESTINATION share/zsh/vendor-completions)
install(FILES systemd/godwitd.service systemd/godwitd.socket DESTINATION lib/systemd/system)
install(FILES systemd/sysusers.conf DESTINATION lib/sysusers.d RENAME godwit.conf)
install(FILES systemd/tmpfiles.conf DESTINATION lib/tmpfiles.d RENAME godwit.conf)
install(FILES conf/godwit.yaml conf/accounts.yaml.example conf/bounce-patterns.yaml DESTINATION share/godwit)
install(DIRECTORY conf/fail2ban DESTINATION share/godwit)
install(PROGRAMS conf/certbot-deploy-hook DESTINATION share/godwit)
install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md")
# In a package alone: who installs from here has a configuration of his own.
install(FILES conf/godwit.yaml DESTINATION /etc/godwit COMPONENT configuration EXCLUDE_FROM_ALL)

"""`python -m pbx_crm` is the command `pbx-crm`."""

from pbx_crm.cli import main

main()

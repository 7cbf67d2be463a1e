"""Everything that speaks Asterisk: AMI, CDR, CEL, tapes."""

"""The listener's patience, in milliseconds instead of seconds."""

from pbx_crm.asterisk.ami_account import AmiTiming

QUICK = AmiTiming(
    connect=0.3,
    answer=0.3,
    ping=0.05,
    patience=0.05,
    shortest_pause=0.01,
    longest_pause=0.04,
    refused_pause=0.2,
    settled=0.0,
    rights_grace=0.02,
    rights_check=0.03,
)

"""pbx_crm: phone calls of an Asterisk PBX become deals of a sales funnel."""

__version__ = "0.1.0"

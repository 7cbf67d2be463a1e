"""SIP parties of the tests' own: sellers' phones, and the provider with all its customers behind it.

Plain SIP over UDP on loopback with silence for audio. What a phone did and when is known here first-hand,
so the truth about a call never comes from the PBX.
"""

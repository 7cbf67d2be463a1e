"""The commands of `pbx-crm`, one a module: each reads its options and calls what does the work."""

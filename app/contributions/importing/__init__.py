"""Imports: files of a donation platform or a bank become payments, and payments entries of the ledger."""

"""Reads from a replica what was just written on the primary: waits until the replica has it, else asks the primary.

python own_writes.py USER COURSE TRANSACTION_ID, with LEARNHUB_DB_URL and LEARNHUB_REPLICA_URL
"""

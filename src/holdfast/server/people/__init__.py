"""Who may do what: users and their roles, invitations, keys and tokens, the audit log.

access   roles and what each may do      models   the tables      audit   who did what
"""

"""The pages of this room: members, entrance (set-up, invitations, one-time links), profile, keys, audit log."""

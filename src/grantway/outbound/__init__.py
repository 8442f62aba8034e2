"""Requests that the server itself makes to others: logos, keys of clients, documents, webhooks.

Owns the one function by which anything is fetched (decision 13, S31, S32). Does not own what is fetched nor what is
done with it. Neighbour: `kit.addresses` says which addresses are public.
"""

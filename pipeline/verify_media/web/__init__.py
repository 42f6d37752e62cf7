"""The local page: `verify-media web`. One process, one person, this computer only.

guard    token, Host, Origin, headers        session  what was handed in, and what is known about it
app      routes                              jobs     work in a process of its own that can be stopped
uploads  bytes to disk, within bounds        page     session -> HTML
"""

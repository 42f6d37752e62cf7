"""The local page: `verify-media web`. One process, one person, this computer only.

server     starts it, and leaves nothing behind      session  what was handed in and what is known (shots: its records)
guard      token, Host, Origin, headers              steps    what is done next
app        routes; downloads: files that go out      jobs     work in a process of its own that can be stopped
uploads    bytes to disk, within bounds              page     session -> HTML
details    what was typed, checked
"""

"""Tokenizing parsers for the three reply syntaxes (calls, XML, JSON), all in linear time.

Nothing that a model wrote is executed, and nothing is decided by searching for a keyword: a quoted `Action:` or
`finished` is text. An invalid reply raises `ParseError`, which `Dialect.parse` returns as a `ParseFailure`.
"""

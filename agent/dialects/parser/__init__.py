"""Reading replies: tokenisers for the three syntaxes that models act in (calls, XML, JSON), all linear in the text.

Nothing here runs or evaluates what a model wrote, and nothing decides by searching for a word: a quoted `Action:` or
`finished` is text. A reply that cannot be read raises `Trouble`, which a dialect's `parse` hands on as a value.
"""

"""Which line ends end a statement: those outside of brackets, unless the next line begins with ``->``."""

from __future__ import annotations

from collections.abc import Iterator

from nndsl.syntax.lexer import Token

CLOSERS = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE"}
OPENERS = {closer: opener for opener, closer in CLOSERS.items()}

# What stands for the kind of a token where it matters whose `}` or `else` it is.
END_OF_BODY = "the `}` of a body"
ELSE_OF_BODY = "the `else` behind one"

# After these, a brace outside of brackets opens a body: no dict can stand there.
BEFORE_BODY = frozenset(
    {"NAME", "NUMBER", "STRING", "TRUE", "FALSE", "NONE", "ELLIPSIS", "RPAR", "RSQB", "RBRACE"}
    | {"COMPILE", "FIT", "MODEL", "BLOCK", "EXTERN", "ERROR", END_OF_BODY, ELSE_OF_BODY}
)


class TooDeep(Exception):
    """More brackets are open at ``token`` than the limit allows."""

    def __init__(self, token: Token) -> None:
        super().__init__(token)
        self.token = token


class Layout:
    """Hands out the tokens of a scan, without the line ends that end nothing.

    ``brackets`` are the brackets that are open after the token last handed out, ``bodies`` how many of them, from the
    outermost, are the braces of bodies; ``index`` is that token's place in ``tokens`` and ``statement`` the place of
    the first one after the last line end. All may be set between two calls of ``read``.
    """

    __slots__ = ("bodies", "brackets", "index", "nesting", "statement", "tokens")

    def __init__(self, tokens: list[Token], nesting: int) -> None:
        self.tokens = tokens
        self.nesting = nesting
        self.brackets: list[Token] = []
        self.bodies = 0
        self.index = 0
        self.statement = 0

    def read(self, index: int, previous: str = "_NL") -> Iterator[Token]:
        """Yield the tokens from a place on, up to and with ``$END``; ``previous`` is the kind of the one before."""
        tokens, brackets = self.tokens, self.brackets
        for place in range(index, len(tokens)):
            token = tokens[place]
            kind = token[0]
            if kind == "_NL":
                if len(brackets) > self.bodies or previous == "_NL":
                    continue
                following = tokens[place + 1][0]
                if (following == "ARROW" and previous != "LBRACE") or (following == "ELSE" and previous == END_OF_BODY):
                    continue
            elif kind in CLOSERS:
                if kind == "LBRACE" and len(brackets) == self.bodies and previous in BEFORE_BODY:
                    self.bodies += 1
                brackets.append(token)
                if len(brackets) > self.nesting:
                    raise TooDeep(token)
            elif kind in OPENERS and brackets and brackets[-1][0] == OPENERS[kind]:
                brackets.pop()
                if len(brackets) < self.bodies:
                    self.bodies = len(brackets)
                    kind = END_OF_BODY
            elif kind == "ELSE" and previous == END_OF_BODY:
                kind = ELSE_OF_BODY
            self.index = place
            previous = kind
            yield token
            if kind == "_NL":
                self.statement = place + 1

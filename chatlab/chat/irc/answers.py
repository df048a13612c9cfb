"""Which chat an answer of the server belongs to: the one where the question was typed."""

_ANSWERS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    name: (frozenset(codes.split()), frozenset(last.split()))
    for name, codes, last in (
        ("MOTD", "372 375 376 422 402", "376 422 402"),
        ("LUSERS", "251 252 253 254 255 265 266", "266"),
        ("MAP", "006 007 015 017 018 270 421 481", "007 017 421 481"),
        ("LINKS", "364 365 402 481", "365 402 481"),
        (
            "STATS",
            "210 211 212 213 215 216 217 218 219 241 242 243 244 249 250 402 481",
            "219 402 481",
        ),
        ("INFO", "371 374 402", "374 402"),
        ("ADMIN", "256 257 258 259 402 423", "259 402 423"),
        ("VERSION", "351 402", "351 402"),
        ("TIME", "391 402", "391 402"),
        ("TOPIC", "331 332 403 442", "331 332 403 442"),
        ("MODE", "324 403 442", "324 403 442"),
        ("NAMES", "353 366", "366"),
        ("WHO", "352 315", "315"),
        ("WHOWAS", "314 312 330 338 369 406", "369"),
    )
}
"""By question: the numerics that answer it, and those that end the answer."""


class Answers:
    """The questions whose answers are still coming."""

    def __init__(self) -> None:
        self._asked: dict[str, str] = {}
        """Question to chat, the latest last."""

    def expect(self, question: str, chat: str) -> None:
        self._asked.pop(question, None)
        if question in _ANSWERS:
            self._asked[question] = chat

    def is_expected(self, question: str) -> bool:
        return question in self._asked

    def chat_of(self, code: str) -> str:
        """Where a numeric is shown; empty for the server's own page."""
        for question, chat in reversed(self._asked.items()):
            codes, last = _ANSWERS[question]
            if code in codes:
                if code in last:
                    del self._asked[question]
                return chat
        return ""

    def forget(self) -> None:
        """The connection ended, and with it what it would have answered."""
        self._asked.clear()
